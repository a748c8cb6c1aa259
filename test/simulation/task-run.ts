import type { Digest } from '../../src/lib/image/digest.ts';
import type { TaskRunInfo, TaskRunStatus } from '../../src/lib/pipeline/ports.ts';

/** A task run of the simulated world. */
export interface SimRun {
  readonly id: string;
  readonly token: string;
  readonly createdAt: number;
  readonly triggeredBy: readonly Digest[];
  /** It never ends by itself. */
  readonly hangs: boolean;
  status: TaskRunStatus;
  error?: string;
  finishedAt?: number;
  output?: { registry: string; repository: string; tag: string; digest: string };
}

export function isUnderWay({ status, hangs }: SimRun): boolean {
  return !hangs && (status === 'queued' || status === 'running');
}

export function infoOf(run: SimRun, tokensTold: boolean): TaskRunInfo {
  return {
    id: run.id,
    status: run.status,
    createdAt: run.createdAt,
    pullRequest: false,
    triggeredBy: run.triggeredBy,
    outputs: run.output ? [run.output] : [],
    ...(run.finishedAt !== undefined && { finishedAt: run.finishedAt }),
    ...(run.error !== undefined && { error: run.error }),
    ...(tokensTold && run.token !== '' && { token: run.token }),
  };
}
