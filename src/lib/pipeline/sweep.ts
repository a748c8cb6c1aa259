/**
 * Finds what messages have lost: goes over the index of active runs, so its cost grows with them, never with history.
 */
import { endUntracked } from './advance.ts';
import { isHeld, iso } from './gate.ts';
import type { Instant, Run } from './model.ts';
import { limits } from './periods.ts';
import type { ActiveRow } from './record.ts';
import type { KnownSession, Pipeline } from './session.ts';
import { activeRun, commit, imageOf, isKnown, open } from './session.ts';

export type Swept = 'fine' | 'orphan' | 'ended' | 'untracked' | 'woken' | 'stalled' | 'conflict' | 'failed';

export interface SweepReport {
  readonly active: number;
  readonly counts: Readonly<Partial<Record<Swept, number>>>;
  readonly failures: readonly { readonly run: string; readonly error: unknown }[];
}

export async function sweep(pipeline: Pipeline): Promise<SweepReport> {
  const { rows, at } = await pipeline.index.active();
  const counts: Partial<Record<Swept, number>> = {};
  const failures: { run: string; error: unknown }[] = [];
  for (const row of rows) {
    // One tag's trouble must not keep the others from being found.
    const swept = await sweepOne(pipeline, row, at).catch((error: unknown): Swept => {
      failures.push({ run: row.run, error });
      return 'failed';
    });
    counts[swept] = (counts[swept] ?? 0) + 1;
  }
  return { active: rows.length, counts, failures };
}

async function sweepOne(pipeline: Pipeline, row: ActiveRow, at: Instant): Promise<Swept> {
  const run = await pipeline.store.run(row.tracked, row.run);
  if (run === undefined) return sweepOrphan(pipeline, row, at);
  if (run.ended) {
    await pipeline.index.end(run);
    return 'ended';
  }
  const image = imageOf(pipeline.catalog, row.tracked);
  if (!image) {
    await endUntracked(pipeline, { tracked: row.tracked, run: row.run, version: run.version });
    return 'untracked';
  }
  if (run.parked ? !mayWake(run, at) : run.dueAt + pipeline.periods.overdue > at) return 'fine';
  const session = await open(pipeline, row.tracked, image);
  const present = activeRun(session, row.run);
  if (!isKnown(session) || !present) return 'conflict';
  return present.parked ? sweepParked(session, present) : sweepOverdue(session, present);
}

/** A creator commits its run within a bound of its index row, or starts over: what is older has no run coming. */
async function sweepOrphan(pipeline: Pipeline, row: ActiveRow, at: Instant): Promise<Swept> {
  if (at - row.since < pipeline.periods.orphan) return 'fine';
  await pipeline.index.drop(row.run);
  return 'orphan';
}

/** Whether it is worth reading more: a stalled run waits for an operator alone. */
function mayWake({ parked }: Run, at: Instant): boolean {
  if (!parked || parked.for === 'stalled') return false;
  return parked.for === 'hold' || (parked.until !== undefined && parked.until <= at);
}

async function sweepParked(session: KnownSession, run: Run): Promise<Swept> {
  const { head, at } = session.loaded;
  if (run.parked?.for === 'hold' && isHeld(head.hold, at)) return 'fine';
  if (!mayWake(run, at)) return 'fine';
  return wake(session, { ...run, parked: undefined, dueAt: at }, 'its gate has opened');
}

/** The message and a later due in one commit; the wait doubles, and after enough fruitless wakes a human must look. */
async function sweepOverdue(session: KnownSession, run: Run): Promise<Swept> {
  const { at } = session.loaded;
  const { overdue } = session.pipeline.periods;
  if (run.dueAt + overdue > at) return 'fine';
  if (run.sweeps >= limits.sweeps) return stall(session, run);
  const dueAt = at + overdue * (2 ** run.sweeps - 1);
  return wake(session, { ...run, sweeps: run.sweeps + 1, dueAt }, `it was due at ${iso(run.dueAt)}`);
}

async function wake(session: KnownSession, run: Run, why: string): Promise<Swept> {
  const entry = { run: run.id, from: run.stage, to: 'woken', digest: run.digest, why, by: 'sluice' };
  const done = await commit(session, { runs: [run], timeline: [entry] });
  if (!done) return 'conflict';
  await session.pipeline.queue.send({ tracked: run.tracked, run: run.id, version: run.version + 1 }, 0);
  return 'woken';
}

async function stall(session: KnownSession, run: Run): Promise<Swept> {
  const why = `stalled: woken ${run.sweeps} times without progress, at: ${run.why}`;
  const stalled: Run = { ...run, parked: { for: 'stalled', since: session.loaded.at }, why };
  const entry = { run: run.id, from: run.stage, to: 'parked (stalled)', digest: run.digest, why, by: 'sluice' };
  return (await commit(session, { runs: [stalled], timeline: [entry] })) ? 'stalled' : 'conflict';
}
