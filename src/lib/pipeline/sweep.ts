/**
 * Finds what messages have lost: goes over the index of active runs, so its cost grows with them, never with history.
 */
import { endUntracked } from './advance.ts';
import { endRun } from './end-run.ts';
import { isHeldUp } from './gate.ts';
import { heldWhy, isHeld } from './holds.ts';
import { iso } from './instant.ts';
import type { Hold, Instant, Outcome, Parked, Run } from './model.ts';
import { isOrdered } from './notice.ts';
import { limits } from './periods.ts';
import type { ActiveRow } from './record.ts';
import type { KnownSession, Pipeline } from './session.ts';
import { activeRun, commit, imageOf, isKnown, open } from './session.ts';
import { movedOn, rebuiltAs } from './stages/rebuild.ts';

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
  if (!run.parked && run.dueAt + pipeline.periods.overdue > at) return 'fine';
  const session = await open(pipeline, row.tracked, image);
  const present = activeRun(session, row.run);
  if (!isKnown(session) || !present) return 'conflict';
  return present.parked ? sweepParked(session, present, present.parked) : sweepOverdue(session, present);
}

/** A creator commits its run within a bound of its index row, or starts over: what is older has no run coming. */
async function sweepOrphan(pipeline: Pipeline, row: ActiveRow, at: Instant): Promise<Swept> {
  if (at - row.since < pipeline.periods.orphan) return 'fine';
  await pipeline.index.drop(row.run);
  return 'orphan';
}

async function sweepParked(session: KnownSession, run: Run, parked: Parked): Promise<Swept> {
  const { at, head } = session.loaded;
  switch (parked.for) {
    case 'hold':
      return isHeld(head.hold, at) ? sayAgain(session, run, head.hold) : wakeOpen(session, run);
    case 'approval': {
      const isOver = parked.until !== undefined && parked.until <= at;
      return isOver || !session.image.gate.approval ? wakeOpen(session, run) : 'fine';
    }
    case 'lease':
      return isHeldUp(session.loaded) ? 'fine' : wakeOpen(session, run);
    case 'stalled':
      return sweepStalled(session, run);
  }
}

function wakeOpen(session: KnownSession, run: Run): Promise<Swept> {
  return wake(session, { ...run, parked: undefined, dueAt: session.loaded.at }, 'its gate has opened');
}

/** An operator must look at it, but for one that something newer has overtaken: that one ends, whatever it was about. */
async function sweepStalled(session: KnownSession, run: Run): Promise<Swept> {
  const { head } = session.loaded;
  if (run.stage === 'rebuild') {
    return head.target?.run === run.id ? 'fine' : end(session, run, rebuiltAs(run), movedOn(head.target));
  }
  if (!isOrdered(run) || head.promotedSeq <= run.seq) return 'fine';
  return end(session, run, 'superseded', `superseded by run number ${head.promotedSeq}, which is promoted`);
}

/** The hold may be another by now than the one that the run was parked for. */
async function sayAgain(session: KnownSession, run: Run, hold: Hold): Promise<Swept> {
  const why = heldWhy(hold);
  if (why === run.why) return 'fine';
  const { until } = hold;
  const parked: Parked = { for: 'hold', since: session.loaded.at, ...(until !== undefined && { until }) };
  return (await commit(session, { runs: [{ ...run, parked, why }] })) ? 'fine' : 'conflict';
}

/** It holds no lease: nothing moves the target while it does. */
async function end(session: KnownSession, run: Run, outcome: Outcome, reason: string): Promise<Swept> {
  return (await endRun(session, run, { outcome, why: `${reason}; it was ${run.why}` })) ? 'ended' : 'conflict';
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
