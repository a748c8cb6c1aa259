/** One message of the queue: take that run on, if it is still at that version. */
import type { Carried } from './carry.ts';
import { carry } from './carry.ts';
import { endRun } from './end-run.ts';
import type { Message } from './message.ts';
import type { Run } from './model.ts';
import { nameOf } from './model.ts';
import { forgotten } from './notice.ts';
import type { Pipeline, Session } from './session.ts';
import { activeRun, imageOf, isKnown, open } from './session.ts';

export type Advanced = Carried | { readonly kind: 'dropped'; readonly why: string };

/** `dequeueCount`: how often the queue has delivered this message; 1 at first. */
export async function advance(pipeline: Pipeline, message: Message, dequeueCount: number): Promise<Advanced> {
  const image = imageOf(pipeline.catalog, message.tracked);
  if (!image) return endUntracked(pipeline, message);
  const session = await open(pipeline, message.tracked, image);
  const run = activeRun(session, message.run);
  if (!isKnown(session) || !run) return { kind: 'dropped', why: 'the run has ended' };
  if (run.version !== message.version) return outdated(session, run, message, dequeueCount);
  if (run.parked) return { kind: 'dropped', why: `the run is parked: ${run.why}` };
  return carry(session, run.id);
}

/**
 * A message about an older version is dropped, or duplicates would never die out. Only a redelivered one may come from a
 * worker that crashed after its commit and before its message: it sends the present one.
 */
async function outdated(
  { pipeline, loaded }: Session,
  run: Run,
  message: Message,
  dequeueCount: number,
): Promise<Advanced> {
  const why = `it is about version ${message.version}, and the run is at ${run.version}`;
  if (dequeueCount > 1 && !run.parked && run.version > message.version) {
    await pipeline.queue.send({ ...message, version: run.version }, Math.max(0, run.dueAt - loaded.at));
  }
  return { kind: 'dropped', why };
}

/** A tag that leaves the catalog ends its runs, saying so; one whose put may be under way, when that can no longer be. */
export async function endUntracked(pipeline: Pipeline, message: Message): Promise<Advanced> {
  const { tracked } = message;
  const readAt = pipeline.clock.monotonic();
  const loaded = await pipeline.store.load(tracked);
  const heardAt = pipeline.clock.monotonic();
  const run = loaded.active.find(({ id }) => id === message.run);
  if (!run) return { kind: 'dropped', why: 'the run has ended' };
  const why = `${nameOf(tracked)} has left the catalog`;
  const held = loaded.lease?.run === run.id ? loaded.lease : undefined;
  if (held) {
    const settled = held.since + pipeline.periods.effectAfterRead + pipeline.periods.requestLife;
    if (loaded.at < settled) {
      await pipeline.queue.send({ ...message, version: run.version }, settled - loaded.at);
      return { kind: 'waits', until: settled, why };
    }
  }
  const { digest, seq } = run;
  const unsettled = held && { digest, seq, certainAt: loaded.at + pipeline.periods.replicaLag };
  const head = { ...forgotten(loaded.head, run), ...(unsettled && { unsettled }) };
  const also = { head, ...(held && ({ lease: 'release' } as const)) };
  const done = await endRun({ pipeline, tracked, loaded, readAt, heardAt }, run, { outcome: 'untracked', why }, also);
  return done ? { kind: 'ended', outcome: 'untracked', why } : { kind: 'left' };
}
