import type { StepEnd } from '../run-context.ts';
import type { Step } from '../task-file/plan.ts';

export interface Timing {
  readonly step: Step;
  readonly milliseconds: number;
}

export type Schedule =
  | { readonly ok: true; readonly timings: readonly Timing[] }
  | { readonly ok: false; readonly stepId: string; readonly error: string };

/**
 * Runs each step when those that it comes after have succeeded; steps that wait for nothing run side by side. The first
 * failure ends the others: `run` gets a signal that is then aborted, and nothing is left running when this returns.
 */
export async function runInOrder(
  steps: readonly Step[],
  signal: AbortSignal,
  now: () => Date,
  run: (step: Step, signal: AbortSignal) => Promise<StepEnd>,
): Promise<Schedule> {
  const failure = new AbortController();
  const anyEnd = AbortSignal.any([signal, failure.signal]);
  const ends = new Map<string, Promise<boolean>>();
  const timings = new Map<string, Timing>();
  let first: { stepId: string; error: string } | undefined;

  const start = async (step: Step): Promise<boolean> => {
    const before = await Promise.all(step.after.map((id) => ends.get(id) ?? Promise.resolve(false)));
    if (before.includes(false) || anyEnd.aborted) return false;
    const from = now().getTime();
    const end = await run(step, anyEnd);
    timings.set(step.id, { step, milliseconds: now().getTime() - from });
    if (end.ok) return true;
    first ??= { stepId: step.id, error: end.error };
    failure.abort();
    return false;
  };

  for (const step of steps) ends.set(step.id, start(step));
  await Promise.all(ends.values());
  if (first) return { ok: false, ...first };
  return { ok: true, timings: steps.map((step) => timings.get(step.id)).filter((timing) => timing !== undefined) };
}
