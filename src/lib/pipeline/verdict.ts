/** What the end of a task run says of a digest. Only a step of ours that ran and said no is a rejection. */
import type { TaskRunInfo } from './ports.ts';

export interface Judged {
  readonly state: 'passed' | 'rejected' | 'failed';
  readonly why: string;
}

/*
 * The log's line for a failed step, as ACR writes it: `failed to run step ID: <id>: exit status <n>`.
 * 125 is docker's own: the container never ran (image not pullable, bad flag), so it says nothing of the image.
 */
const failedStep = /failed to run step ID: ([^:\s]+): exit status (\d+)/g;
const neverRan = 125;

/** `run` undefined: the service does not know it any more, or it was given up. Failed means no verdict: worth another try. */
export function classify(
  taskRun: string,
  run: Pick<TaskRunInfo, 'status' | 'error'> | undefined,
  logEnd: string,
): Judged {
  if (run === undefined) return { state: 'failed', why: `task run ${taskRun} did not end in time, or is gone` };
  if (run.status === 'succeeded') return { state: 'passed', why: `passed in task run ${taskRun}` };
  const error = run.error ? `: ${run.error}` : '';
  if (run.status !== 'failed') return { state: 'failed', why: `task run ${taskRun} ended ${run.status}${error}` };
  // The last one: steps before it may have been allowed to fail.
  const [, step, status] = [...logEnd.matchAll(failedStep)].at(-1) ?? [];
  if (step === undefined || status === undefined)
    return { state: 'failed', why: `task run ${taskRun} failed, and its log names no step${error}` };
  if (Number(status) === neverRan)
    return {
      state: 'failed',
      why: `task run ${taskRun}: step ${step} could not start its container (exit status 125)`,
    };
  return { state: 'rejected', why: `rejected by step ${step} of task run ${taskRun}: exit status ${status}` };
}
