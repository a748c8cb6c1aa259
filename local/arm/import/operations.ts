import type { LocalRegistry } from '../../contracts.ts';
import type { Clock } from '../clock.ts';
import type { ImportDecisions, ImportRule } from './controls.ts';
import { type CopyTarget, copyImage } from './copy.ts';
import { ImportFailed, type ImportFailure, importFailures } from './failures.ts';
import type { ImportRequest } from './request.ts';
import type { ImageSource } from './source.ts';

export interface ImportOperation {
  /** `registries-<guid>`. */
  readonly id: string;
  readonly registry: LocalRegistry;
  /** `repository:tag` of each target. */
  readonly targets: readonly string[];
  readonly report: 'running' | 'succeeded' | ImportFailure;
}

export interface ImportStart {
  readonly id: string;
  readonly request: ImportRequest;
  readonly registry: LocalRegistry;
  /** What the import fails with before anything is read, such as a source that may not be read. */
  readonly refused?: ImportFailure;
  readonly source?: ImageSource;
  readonly target: CopyTarget;
}

/** The long-running operations of importImage. Nothing is forgotten while the endpoint lives. */
export interface ImportOperations {
  readonly decisions: ImportDecisions;
  find(id: string): ImportOperation | undefined;
  start(start: ImportStart): ImportOperation;
  close(): Promise<void>;
}

type Mutable = { -readonly [K in keyof ImportOperation]: ImportOperation[K] };

export function createImportOperations(clock: Clock, decisions: ImportDecisions): ImportOperations {
  const operations = new Map<string, Mutable>();
  const running = new Set<Promise<void>>();
  const closing = new AbortController();

  async function carryOut(operation: Mutable, start: ImportStart, rule: ImportRule): Promise<void> {
    const reports = rule.reports ?? 'truth';
    const effect = settle(start, rule, clock, closing.signal);
    await clock.sleep(rule.durationMs ?? 0, closing.signal);
    if (reports === 'hang') await decisions.released(closing.signal);
    operation.report = typeof reports === 'string' ? await effect : reports;
    await effect;
  }

  return {
    decisions,
    find: (id) => operations.get(id.toLowerCase()),
    start(start) {
      const targets = start.request.targets.map(({ repository, tag }) => `${repository}:${tag}`);
      const operation: Mutable = { id: start.id, registry: start.registry, targets, report: 'running' };
      operations.set(start.id.toLowerCase(), operation);
      const view = { registry: start.registry.name, sourceImage: start.request.sourceImage, targets };
      const work = carryOut(operation, start, decisions.take(view));
      running.add(work);
      void work.finally(() => running.delete(work));
      return operation;
    },
    async close() {
      closing.abort();
      await Promise.all(running);
    },
  };
}

/** Carries the effect out, when and if it is to happen, and says how it ended. */
async function settle(
  start: ImportStart,
  rule: ImportRule,
  clock: Clock,
  signal: AbortSignal,
): Promise<'succeeded' | ImportFailure> {
  const lands = rule.lands ?? ((rule.reports ?? 'truth') === 'truth' ? 'now' : 'never');
  if (lands === 'never') return 'succeeded';
  if (lands !== 'now') await clock.sleep(lands.afterMs, signal);
  if (start.refused || !start.source) return start.refused ?? importFailures.upstreamUnavailable('No source.');
  try {
    await copyImage(start.source, start.target, start.request, signal);
    return 'succeeded';
  } catch (error) {
    if (error instanceof ImportFailed) return error.failure;
    return importFailures.upstreamUnavailable(error instanceof Error ? error.message : String(error));
  }
}
