/** Upstream's digest comes into staging: under the run's own tag by an import, then under the stable tag by a put. */
import { shortDigest } from '../../image/digest.ts';
import { copy } from '../copy.ts';
import type { Head, Run } from '../model.ts';
import { isOrdered } from '../notice.ts';
import { observeAndSend, staged } from '../observe.ts';
import { sendBefore } from '../session.ts';
import type { StageContext, StageFunction, Step } from '../step.ts';

export const importToStaging: StageFunction = async (context) => {
  const { session, run } = context;
  const why = supersededBeforeValidation(session.loaded.head, run);
  if (why) return { kind: 'finish', outcome: 'superseded', why };
  const copied = await copy(context, session.image.upstream, session.image.staging);
  return copied.kind === 'landed' ? moveStaging(context) : copied;
};

/** Before validation, only a newer digest of the same place supersedes. */
export function supersededBeforeValidation(head: Head, run: Run): string | undefined {
  const latest = run.kind === 'own' ? head.latestOwnSeq : head.latestUpstreamSeq;
  if (!isOrdered(run) || latest <= run.seq) return undefined;
  const place = run.kind === 'own' ? 'staging' : 'upstream';
  return `superseded by run number ${latest}, which is newer in ${place}, before its validation began`;
}

async function moveStaging(context: StageContext): Promise<Step> {
  const { session, run } = context;
  const { pipeline, image, tracked, loaded } = session;
  const reading = await pipeline.buffer.readTag(image.staging, tracked.tag);
  if (reading.kind === 'unknown')
    return { kind: 'fail', next: 'retry', why: `reading ${image.staging}:${tracked.tag}: ${reading.why}` };
  const validate = (change: Partial<Head>): Step => ({
    kind: 'go',
    to: 'validate',
    why: `${shortDigest(run.digest)} is in ${image.staging}`,
    change: { head: change, run: { operation: undefined } },
  });
  if (reading.kind === 'found' && reading.digest === run.digest) {
    return validate({ staging: { digest: run.digest, at: reading.at }, stagingSeq: run.seq });
  }
  if ((await staged(session, reading)).kind === 'start') {
    // Somebody's push that nobody has seen yet: it becomes a run before it is overwritten.
    await observeAndSend(pipeline, tracked, 'staging');
    return { kind: 'again' };
  }
  // What was pushed after this run began is newer, and a person's: staging keeps it, and this run goes on by digest.
  if (loaded.head.stagingSeq > run.seq) return validate({});
  return put(context, validate);
}

async function put({ session, run }: StageContext, validate: (change: Partial<Head>) => Step): Promise<Step> {
  const { pipeline, image, tracked } = session;
  const answer = await pipeline.mover.moveTag(image.staging, tracked.tag, run.digest, sendBefore(session));
  const what = `moving ${image.staging}:${tracked.tag} to ${shortDigest(run.digest)}`;
  if (answer.kind === 'refused') return { kind: 'fail', next: answer.next, why: `${what}: ${answer.why}` };
  // Whether it took effect is seen when staging is read again.
  if (answer.kind === 'unclear') return { kind: 'fail', next: 'retry', why: `${what}: ${answer.why}` };
  return validate({ staging: { digest: run.digest, at: answer.at }, stagingSeq: run.seq });
}
