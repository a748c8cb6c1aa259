import type { Clock } from '../clock.ts';
import { closingLine } from './execute.ts';
import type { RunLogs } from './logs.ts';
import { isFinished, type NewRun, type RunRecord, type RunStore } from './store.ts';
import type { RunWork } from './work.ts';

export interface RunQueue {
  /** Records the run and starts it as soon as fewer than the configured number are running. */
  enqueue(run: NewRun, work: RunWork): RunRecord;
  /** Ends a queued run at once and tells a running one to end. */
  cancel(run: RunRecord): void;
  /** Cancels everything and waits for it. */
  close(): Promise<void>;
}

export interface QueueParts {
  readonly clock: Clock;
  readonly runs: RunStore;
  readonly logs: RunLogs;
  /** How many runs may run at a time. */
  readonly concurrency: number;
  execute(run: RunRecord, work: RunWork, signal: AbortSignal): Promise<void>;
}

export function createRunQueue(parts: QueueParts): RunQueue {
  const waiting: { run: RunRecord; work: RunWork }[] = [];
  const running = new Map<RunRecord['sequence'], { abort: AbortController; done: Promise<void> }>();
  const endings = new Set<Promise<void>>();
  let closed = false;

  function startNext(): void {
    while (!closed && running.size < parts.concurrency) {
      const next = waiting.shift();
      if (!next) return;
      const { sequence } = next.run;
      const abort = new AbortController();
      const done = parts.execute(next.run, next.work, abort.signal).finally(() => {
        running.delete(sequence);
        startNext();
      });
      running.set(sequence, { abort, done });
    }
  }

  /** Before it started: nothing has run, and the log says so. */
  function end(run: RunRecord): void {
    const now = parts.clock.now();
    parts.runs.update(run, { status: 'Canceled', finishTime: now, lastUpdatedTime: now });
    const log = parts.logs.open(run);
    const result = { status: 'Canceled', outputImages: [], baseImageDependencies: [] } as const;
    log.write(closingLine(run.runId, result, 0));
    const ending = log.end().finally(() => endings.delete(ending));
    endings.add(ending);
  }

  return {
    enqueue(run, work) {
      const added = parts.runs.add(run);
      // The link to the log works from the first moment.
      parts.logs.open(added);
      waiting.push({ run: added, work });
      queueMicrotask(startNext);
      return added;
    },
    cancel(run) {
      const current = parts.runs.get(run.registry, run.runId);
      if (!current || isFinished(current)) return;
      const at = waiting.findIndex((one) => one.run.sequence === run.sequence);
      if (at >= 0) {
        waiting.splice(at, 1);
        end(current);
      } else running.get(run.sequence)?.abort.abort();
    },
    async close() {
      closed = true;
      waiting.length = 0;
      for (const { abort } of running.values()) abort.abort();
      await Promise.all([...running.values()].map(({ done }) => done));
      await Promise.all(endings);
    },
  };
}
