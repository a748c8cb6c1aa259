import type { History } from '../history.ts';
import type { TrackedTag } from '../model.ts';
import { nameOf } from '../model.ts';
import { rollbackPoints } from '../rollback-points.ts';
import type { Pipeline } from '../session.ts';
import type { Answer, Caller } from './command.ts';
import { rollback } from './rollback.ts';

/**
 * Back to the newest digest that Sluice itself promoted before the present one, and that is not blocked. One that
 * somebody pushed there by hand, or that was there at first sight, was never validated: it must be named.
 */
export async function rollBackOne(
  pipeline: Pipeline,
  history: Pick<History, 'digests'>,
  tracked: TrackedTag,
  caller: Caller,
): Promise<Answer> {
  const loaded = await pipeline.store.load(tracked);
  const digests = await history.digests(tracked);
  const promoted = new Set(digests.filter((row) => row.promotedAt !== undefined).map(({ digest }) => digest));
  const newest = rollbackPoints(loaded, digests).find((digest) => promoted.has(digest));
  if (newest) return rollback(pipeline, tracked, newest, caller);
  return {
    kind: 'refused',
    why: `${nameOf(tracked)} has no earlier digest that Sluice promoted and that is not blocked: name the digest`,
  };
}
