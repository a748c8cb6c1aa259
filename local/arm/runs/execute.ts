import { isDeepStrictEqual } from 'node:util';
import type { LocalRegistry, RunnerResult, TaskRunner } from '../../contracts.ts';
import { type Clock, goDuration } from '../clock.ts';
import type { TaskRecord, TaskStore } from '../tasks/store.ts';
import { loginsOf, loginTo } from './logins.ts';
import type { RunLog, RunLogs } from './logs.ts';
import { type Prepared, prepare, Unpreparable } from './prepare.ts';
import type { RunRecord, RunStore } from './store.ts';
import type { RunWork } from './work.ts';

export interface ExecutionParts {
  readonly clock: Clock;
  readonly runner: TaskRunner;
  readonly registries: ReadonlyMap<string, LocalRegistry>;
  readonly caFile: string;
  readonly runs: RunStore;
  readonly tasks: TaskStore;
  readonly logs: RunLogs;
  /** Every timeout is multiplied by it, so that a test need not wait the five minutes that are the least. */
  readonly timeoutScale: number;
}

/** Takes a queued run to its end. Never throws: what goes wrong is the run's error. */
export async function execute(
  parts: ExecutionParts,
  queued: RunRecord,
  work: RunWork,
  signal: AbortSignal,
): Promise<void> {
  const { clock, runs } = parts;
  const started = runs.update(queued, { status: 'Started' });
  const log = parts.logs.open(started);
  const startTime = clock.now();
  runs.update(started, { status: 'Running', startTime });
  const result = await outcome(parts, started, work, log, signal);
  const finishTime = clock.now();
  // The runner writes the closing line itself; a run that never came to it, or another runner, does not.
  if (!log.tail().includes(`Run ID: ${queued.runId} `)) {
    log.write(closingLine(queued.runId, result, finishTime.getTime() - startTime.getTime()));
  }
  await log.end();
  if (result.status === 'Succeeded' && work.task) recordDependencies(parts.tasks, work.task, result);
  runs.update(started, {
    status: result.status,
    finishTime,
    lastUpdatedTime: finishTime,
    ...(result.outputImages.length > 0 ? { outputImages: result.outputImages } : {}),
    ...(result.runErrorMessage === undefined ? {} : { runErrorMessage: result.runErrorMessage }),
  });
}

async function outcome(
  parts: ExecutionParts,
  run: RunRecord,
  work: RunWork,
  log: RunLog,
  signal: AbortSignal,
): Promise<RunnerResult> {
  const nothing = { outputImages: [], baseImageDependencies: [] };
  const registry = parts.registries.get(run.registry.toLowerCase());
  if (!registry) return { ...nothing, status: 'Error', runErrorMessage: `registry ${run.registry} is gone` };
  try {
    const prepared = await prepare(work.step);
    return await parts.runner.execute({
      ...prepared,
      runId: run.runId,
      registry: loginTo(registry),
      logins: loginsOf(parts.registries.values(), work.credentials),
      caFile: parts.caFile,
      ...(run.task === undefined ? {} : { taskName: run.task }),
      triggeredBy: run.imageUpdateTrigger ? 'Image Update' : 'Manual',
      timeoutSeconds: work.timeoutSeconds * parts.timeoutScale,
      platform: { os: run.platform.os, architecture: run.platform.architecture ?? 'amd64' },
      // The log ends with the run, not with the runner: its closing line may still be missing.
      log: { write: (text) => log.write(text), end: () => Promise.resolve() },
      signal,
      now: () => parts.clock.now(),
    } satisfies Prepared & Parameters<TaskRunner['execute']>[0]);
  } catch (error) {
    const expected = error instanceof Unpreparable;
    if (!expected) console.error(`ARM endpoint: run ${run.runId} failed unexpectedly`, error);
    const runErrorMessage = error instanceof Error ? error.message : String(error);
    log.write(`${runErrorMessage}\r\n`);
    return { ...nothing, status: expected ? 'Failed' : 'Error', runErrorMessage };
  }
}

/** As the agent ends a log: `\r\nRun ID: ca1 failed after 5s. Error: failed during run, err: exit status 1\r\n`. */
export function closingLine(runId: string, result: RunnerResult, milliseconds: number): string {
  const after = goDuration(milliseconds);
  if (result.status === 'Succeeded') return `\r\nRun ID: ${runId} was successful after ${after}\r\n`;
  if (result.status === 'Canceled') return `\r\nRun ID: ${runId} was canceled after ${after}\r\n`;
  return `\r\nRun ID: ${runId} failed after ${after}. Error: ${result.runErrorMessage ?? 'failed during run'}\r\n`;
}

/** Only what the task's present step was built on is told of it. */
function recordDependencies(tasks: TaskStore, ran: TaskRecord, result: RunnerResult): void {
  const task = tasks.get(ran.registry, ran.name);
  if (!task || !isDeepStrictEqual(task.content.properties.step, ran.content.properties.step)) return;
  const { baseImageDependencies: _former, ...rest } = task;
  const found = result.baseImageDependencies.map(({ type, registry, repository, tag, digest }) => ({
    type,
    registry,
    repository,
    tag,
    digest,
  }));
  tasks.put(found.length > 0 ? { ...rest, baseImageDependencies: found } : rest);
}
