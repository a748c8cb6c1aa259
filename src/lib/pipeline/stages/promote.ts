/**
 * The stable tag moves: copy, read the target, judge the gate and take the lease in one transaction, put, record. The
 * lease says whose put may be under way; one whose put has no known answer is settled by reading the target.
 */
import { shortDigest } from '../../image/digest.ts';
import { begin, sendFirst, sluice } from '../begin.ts';
import { copy } from '../copy.ts';
import { judge } from '../gate.ts';
import type { Instant, Lease, Run } from '../model.ts';
import type { Facts } from '../notice.ts';
import { noticeTarget } from '../notice.ts';
import { observeAndSend } from '../observe.ts';
import { limits } from '../periods.ts';
import type { BufferReading } from '../ports.ts';
import type { KnownSession } from '../session.ts';
import { commit, isStale, sendBefore } from '../session.ts';
import type { StageContext, StageFunction, Step } from '../step.ts';
import { validationOfImage } from './validate.ts';

export const promote: StageFunction = async (context) => {
  const { session, run } = context;
  const { lease } = session.loaded;
  if (lease?.run === run.id) return settleLease(context, lease);
  const outdated = needsValidation(context);
  if (outdated) return { kind: 'go', to: 'validate', why: outdated };
  const closed = judgeGate(context);
  if (closed) return closed;
  if (run.kind !== 'rollback' && !run.copied) {
    const { staging, target } = session.image;
    const copied = await copy(context, { kind: 'buffer', repository: staging }, target);
    if (copied.kind !== 'landed') return copied;
  }
  return moveTarget(context);
};

/** The digest promoted has passed what the catalog asks for now, not what it asked for when the run was young. */
function needsValidation({ session, run }: StageContext): string | undefined {
  if (run.kind === 'rollback') return undefined;
  if (run.validation === validationOfImage(session.image, session.tracked.tag, session.pipeline.validations))
    return undefined;
  return 'the catalog asks for another validation than the one that was passed';
}

function judgeGate({ session, run }: StageContext): Step | undefined {
  const { loaded, image, pipeline } = session;
  const answer = judge(run, { head: loaded.head, loaded, gate: image.gate, periods: pipeline.periods, now: loaded.at });
  return answer.kind === 'open' ? undefined : answer;
}

/** Nothing is sent later than a bound after the first of these reads. */
async function moveTarget(context: StageContext): Promise<Step> {
  const { session, run } = context;
  const { pipeline, image, tracked, loaded } = session;
  const reading = await pipeline.buffer.readTag(image.target, tracked.tag);
  if (reading.kind === 'unknown')
    return { kind: 'fail', next: 'retry', why: `reading ${image.target}:${tracked.tag}: ${reading.why}` };
  if (noticeTarget(unleased(loaded), reading).kind !== 'nothing') {
    // A person's push wins over ours: it is recorded, it holds, and the gate is judged anew.
    await observeAndSend(pipeline, tracked, 'target');
    return { kind: 'again' };
  }
  // What is found and no news is the head's digest, or older: replicas lag. A target that somebody deleted is put anew.
  const isThere = reading.kind === 'found' && loaded.head.target?.digest === run.digest;
  if (isThere && run.kind !== 'rollback') return unchanged(session, run);
  if (isStale(session)) return { kind: 'again' };
  const why = `moving ${image.target}:${tracked.tag} to ${shortDigest(run.digest)}`;
  const holder: Run = { ...run, copied: true, operation: undefined, why };
  const leased = await commit(session, { lease: { take: { run: run.id, digest: run.digest } }, runs: [holder] });
  if (!leased) return { kind: 'again' };
  const answer = await pipeline.mover.moveTag(image.target, tracked.tag, run.digest, sendBefore(session));
  // The lease was a commit of its own: what follows is judged and committed on what it left.
  if (answer.kind === 'put') return { kind: 'then', session: leased, step: landed(leased, holder, answer.at) };
  if (answer.kind === 'refused') {
    return { kind: 'then', session: leased, step: giveBack(holder, answer.next, answer.why) };
  }
  return { kind: 'on', session: leased };
}

/** The target has the digest already; later ones must not go back behind it. */
function unchanged({ loaded }: KnownSession, run: Run): Step {
  return {
    kind: 'finish',
    outcome: 'unchanged',
    why: `the target has ${shortDigest(run.digest)} already`,
    change: { head: { promotedSeq: Math.max(loaded.head.promotedSeq, run.seq) } },
  };
}

/** Target, its time, order, stage and lease in one batch. */
function landed({ loaded, image, tracked }: KnownSession, run: Run, at: Instant): Step {
  const { head } = loaded;
  return {
    kind: 'go',
    to: 'rebuild',
    why: `${image.target}:${tracked.tag} is ${shortDigest(run.digest)}`,
    change: {
      head: {
        target: { digest: run.digest, at, run: run.id },
        unsettled: undefined,
        ...(head.target && { previousMoveAt: head.target.at }),
        ...(run.kind !== 'rollback' && { promotedSeq: Math.max(head.promotedSeq, run.seq) }),
      },
      digests: [
        { digest: run.digest, inTargetAt: at, lastRun: run.id, ...(run.kind !== 'rollback' && { promotedAt: at }) },
      ],
      lease: 'release',
      run: { landedAt: at, operation: undefined, ...(head.target && { movedBefore: head.target.at }) },
    },
  };
}

function giveBack(run: Run, next: 'retry' | 'stall', why: string): Step {
  const puts = run.puts + 1;
  const enough = puts >= limits.puts;
  return {
    kind: 'fail',
    next: enough ? 'stall' : next,
    why: `the target was not moved (${puts} of ${limits.puts} times): ${why}`,
    change: { lease: 'release', run: { puts } },
  };
}

/**
 * A lease of ours whose put has no known answer. Nothing is believed before the request can no longer take effect: the
 * digest may be there by somebody's hand, and our own put still come, over what was promoted meanwhile. Then ours in the
 * target has landed; anything else is believed only when the slowest replica has caught up.
 */
async function settleLease({ session, run }: StageContext, { since }: Lease): Promise<Step> {
  const { pipeline, image, tracked, loaded } = session;
  const reading = await pipeline.buffer.readTag(image.target, tracked.tag);
  // An answer from before the last recorded move is a replica's memory of an earlier turn of the same digest.
  const isNews = reading.kind === 'found' && reading.at >= (loaded.head.target?.at ?? 0);
  const isOurs = isNews && reading.digest === run.digest;
  const { effectAfterRead, requestLife, replicaLag, poll } = pipeline.periods;
  const spent = since + effectAfterRead + requestLife;
  if (isOurs && loaded.at >= spent) return landed(session, run, reading.at);
  const why = `the target was asked to move, and is read again: ${shows(reading)}`;
  if (isOurs) return { kind: 'wait', until: spent, why };
  if (loaded.at < spent + replicaLag) return { kind: 'wait', until: loaded.at + poll, why };
  // The lease stays: nobody else may move what cannot be read.
  if (reading.kind === 'unknown') return { kind: 'fail', next: 'retry', why };
  return (await takeOver(session, reading)) ?? giveBack(run, 'retry', shows(reading));
}

/**
 * A person's push that came before ours, or over it. The patch is recorded in the transaction that gives the lease back:
 * once it is recorded, a lagging replica's answer of our own put is older than that, and never taken for a patch.
 */
async function takeOver(session: KnownSession, reading: BufferReading): Promise<Step | undefined> {
  const notice = noticeTarget(unleased(session.loaded), reading);
  if (notice.kind !== 'start') return undefined;
  const begun = await begin(session, notice.start, notice.head, sluice, { lease: 'release' });
  if (begun) await sendFirst(begun);
  return { kind: 'again' };
}

/** As if nobody held the lease: this run holds it, or is about to. */
function unleased({ head, active, at }: KnownSession['loaded']): Facts {
  return { head, active, now: at };
}

function shows(reading: BufferReading): string {
  switch (reading.kind) {
    case 'found':
      return `it shows ${shortDigest(reading.digest)}`;
    case 'absent':
      return 'it shows nothing';
    case 'unknown':
      return `it cannot be read: ${reading.why}`;
  }
}
