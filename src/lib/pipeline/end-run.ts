import type { Outcome, Run } from './model.ts';
import type { Draft, Partition } from './session.ts';
import { commit } from './session.ts';

interface End {
  readonly outcome: Outcome;
  /** What the run says from then on. */
  readonly why: string;
  /** Who ended it, and what the timeline says; absent: Sluice itself, and the same. */
  readonly act?: { readonly by: string; readonly reason: string };
}

/** Ends a run from outside of its stages, then its place in the index. False: somebody was faster. */
export async function endRun(
  session: Partition,
  run: Run,
  { outcome, why, act = { by: 'sluice', reason: why } }: End,
  also: Pick<Draft, 'head' | 'lease' | 'block'> = {},
): Promise<boolean> {
  const ended: Run = { ...run, parked: undefined, ended: { at: session.loaded.at, outcome }, why };
  const from = run.parked ? `${run.stage} (${run.parked.for})` : run.stage;
  const entry = { run: run.id, from, to: outcome, digest: run.digest, why: act.reason, by: act.by };
  if (!(await commit(session, { ...also, runs: [ended], timeline: [entry] }))) return false;
  await session.pipeline.index.end(ended);
  return true;
}
