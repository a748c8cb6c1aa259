/** Back to an earlier digest of the target: one batch blocks the one that is left, holds, and adds the run. And unblock. */
import type { Digest } from '../../image/digest.ts';
import { shortDigest } from '../../image/digest.ts';
import { create, sendFirst } from '../begin.ts';
import { heldOver } from '../holds.ts';
import type { Act, Run, TrackedTag } from '../model.ts';
import { nameOf } from '../model.ts';
import type { KnownSession, Pipeline } from '../session.ts';
import { commit } from '../session.ts';
import type { Answer, Caller } from './command.ts';
import { command } from './command.ts';

export async function rollback(pipeline: Pipeline, tracked: TrackedTag, to: Digest, caller: Caller): Promise<Answer> {
  return command(pipeline, tracked, caller, async (session, act) => {
    const { head } = session.loaded;
    if (!head.target) return { kind: 'refused', why: `${nameOf(tracked)} has no target to leave` };
    const from = head.target.digest;
    const refused = await refusal(session, from, to);
    if (refused) return refused;
    const run = rollbackRun(session, from, to, act);
    const { seq, why } = run;
    const begun = await create(session, run.id, false, async () => ({
      run,
      draft: {
        head: { seq, rollbackSeq: seq, hold: heldOver(head.hold, { ...act, reason: why }) },
        digests: [{ digest: to, lastRun: run.id }],
        block: [{ ...act, digest: from }],
        timeline: [{ run: run.id, from: '', to: 'promote', digest: to, why, by: act.by }],
      },
    }));
    if (!begun) return 'conflict';
    await sendFirst(begun);
    return { kind: 'done', why, run: run.id };
  });
}

function rollbackRun({ pipeline, tracked, loaded }: KnownSession, from: Digest, to: Digest, act: Act): Run {
  return {
    id: pipeline.ids.run(act.at),
    tracked,
    kind: 'rollback',
    stage: 'promote',
    digest: to,
    from,
    seq: loaded.head.seq + 1,
    createdAt: act.at,
    requested: act,
    version: 0,
    nonce: '',
    dueAt: act.at,
    why: `rollback from ${shortDigest(from)} to ${shortDigest(to)}: ${act.reason}`,
    tries: 0,
    sweeps: 0,
    soakFrom: act.at,
    copied: true,
    discovered: false,
    puts: 0,
  };
}

async function refusal(
  { pipeline, tracked, loaded }: KnownSession,
  from: Digest,
  to: Digest,
): Promise<Answer | undefined> {
  const under = loaded.active.find((run) => run.kind === 'rollback' && run.digest === to && run.stage === 'promote');
  if (under) return { kind: 'nothing', why: `run ${under.id} is rolling back to it`, run: under.id };
  if (from === to) return { kind: 'nothing', why: `the target has ${shortDigest(to)} already` };
  if (loaded.blocked.some(({ digest }) => digest === to)) {
    return { kind: 'refused', why: `${shortDigest(to)} is blocked: unblock it first` };
  }
  const known = await pipeline.store.digest(tracked, to);
  if (known?.inTargetAt !== undefined) return undefined;
  return { kind: 'refused', why: `${shortDigest(to)} never stood in the target of ${nameOf(tracked)}` };
}

/** A blocked digest may be promoted again: by its next run, or by a reimport. */
export async function unblock(
  pipeline: Pipeline,
  tracked: TrackedTag,
  digest: Digest,
  caller: Caller,
): Promise<Answer> {
  return command(pipeline, tracked, caller, async (session, act) => {
    const { blocked } = session.loaded;
    if (!blocked.some((row) => row.digest === digest))
      return { kind: 'nothing', why: `${shortDigest(digest)} is not blocked` };
    const why = `${shortDigest(digest)} is unblocked: ${act.reason}`;
    const done = await commit(session, {
      unblock: [digest],
      timeline: [{ from: 'blocked', to: 'unblocked', digest, why, by: act.by }],
    });
    return done ? { kind: 'done', why } : 'conflict';
  });
}
