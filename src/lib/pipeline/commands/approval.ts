/** Approve, reject and expedite: what an operator says of one run's digest. */
import type { Digest } from '../../image/digest.ts';
import { shortDigest } from '../../image/digest.ts';
import { endRun } from '../end-run.ts';
import type { Act, Run, TrackedTag } from '../model.ts';
import { isOrdered } from '../notice.ts';
import type { KnownSession, Pipeline } from '../session.ts';
import { commit } from '../session.ts';
import type { Answer, Caller } from './command.ts';
import { commandOnRun, entryOf, holdsLease, instead, send, woken } from './command.ts';

/** Names the digest that was looked at: one that is another by now is refused. */
export async function approve(
  pipeline: Pipeline,
  tracked: TrackedTag,
  id: string,
  digest: Digest,
  caller: Caller,
): Promise<Answer> {
  return commandOnRun(pipeline, tracked, id, caller, async (session, run, act) => {
    const other = differs(run, digest);
    if (other) return other;
    if (!isOrdered(run) || run.stage === 'rebuild') return { kind: 'refused', why: `run ${id} waits for no approval` };
    if (!session.image.gate.approval) return { kind: 'nothing', why: `${tracked.image} asks for no approval`, run: id };
    if (run.approved) return { kind: 'nothing', why: `${run.approved.by} has approved it already`, run: id };
    const next: Run = { ...(run.parked?.for === 'approval' ? woken(run, act) : run), approved: act };
    return wake(session, run, next, 'approved', entryOf(run, 'approved', act));
  });
}

/** Blocks the digest and ends the run. */
export async function reject(
  pipeline: Pipeline,
  tracked: TrackedTag,
  id: string,
  digest: Digest,
  caller: Caller,
): Promise<Answer> {
  const attempt = async (session: KnownSession, run: Run, act: Act): Promise<Answer | 'conflict'> => {
    const other = differs(run, digest);
    if (other) return other;
    if (holdsLease(session, run) || run.stage === 'rebuild') {
      return { kind: 'refused', why: `${shortDigest(digest)} is being promoted, or is: ${instead(run)}` };
    }
    const why = `rejected by ${act.by}: ${act.reason}`;
    const done = await endRun(session, run, { outcome: 'rejected', why, act }, { block: [{ ...act, digest }] });
    return done ? { kind: 'done', why, run: id } : 'conflict';
  };
  return commandOnRun(pipeline, tracked, id, caller, attempt, 'rejected');
}

/** Passes soak and window, for a fix that cannot wait; never hold, approval or validation. */
export async function expedite(pipeline: Pipeline, tracked: TrackedTag, id: string, caller: Caller): Promise<Answer> {
  return commandOnRun(pipeline, tracked, id, caller, async (session, run, act) => {
    if (!isOrdered(run) || run.stage === 'rebuild')
      return { kind: 'refused', why: `run ${id} waits for neither soak nor window` };
    if (run.expedited) return { kind: 'nothing', why: `${run.expedited.by} has expedited it already`, run: id };
    const next: Run = { ...run, expedited: act, dueAt: act.at };
    return wake(session, run, next, 'expedited', entryOf(run, 'expedited', act));
  });
}

function differs(run: Run, digest: Digest): Answer | undefined {
  if (run.digest === digest) return undefined;
  return { kind: 'refused', why: `run ${run.id} is about ${shortDigest(run.digest)}, not ${shortDigest(digest)}` };
}

async function wake(
  session: KnownSession,
  run: Run,
  next: Run,
  done: string,
  entry: ReturnType<typeof entryOf>,
): Promise<Answer | 'conflict'> {
  const committed = await commit(session, { runs: [next], timeline: [entry] });
  if (!committed) return 'conflict';
  await send(committed, run.id);
  return { kind: 'done', why: `${shortDigest(run.digest)} is ${done}: ${entry.why}`, run: run.id };
}
