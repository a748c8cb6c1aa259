import type { History } from '../history.ts';
import type { TrackedTag } from '../model.ts';
import { nameOf } from '../model.ts';
import { rollbackPoints } from '../rollback-points.ts';
import type { Pipeline } from '../session.ts';
import type { Answer, Caller } from './command.ts';
import { rollback } from './rollback.ts';

/** Back to the newest digest that stood in the target before the present one and is not blocked. */
export async function rollBackOne(
  pipeline: Pipeline,
  history: Pick<History, 'digests'>,
  tracked: TrackedTag,
  caller: Caller,
): Promise<Answer> {
  const loaded = await pipeline.store.load(tracked);
  const [newest] = rollbackPoints(loaded, await history.digests(tracked));
  if (newest) return rollback(pipeline, tracked, newest, caller);
  return { kind: 'refused', why: `${nameOf(tracked)} has no earlier digest in its record that is not blocked` };
}
