/**
 * The rows that list runs, all in one partition, so that a run moves from the active ones to the ended ones in one
 * transaction. An ended run stands once by its id, and once in each list it can be asked for in, newest first: all,
 * its image's, its tag's, and each of these by outcome. So any list reads the rows it shows, and no others.
 */
import type { RunQuery, RunSummary } from '../../pipeline/history.ts';
import type { Range } from './access.ts';
import { after, encodePart, inverted } from './key.ts';

export const runsPartition = 'runs';
export const activeRunPrefix = 'a-';
export const endedRunPrefix = 'e-';

export const activeRunKey = (run: string) => activeRunPrefix + encodePart(run);
export const endedRunKey = (run: string) => endedRunPrefix + encodePart(run);

export const activeRange: Range = { partition: runsPartition, from: activeRunPrefix, to: after(activeRunPrefix) };

type ListQuery = Pick<RunQuery, 'image' | 'tag' | 'outcome'>;

/** `*` stands in no part of a key: it is none's image, tag or outcome. */
const partOf = (text: string | undefined) => (text === undefined ? '*' : encodePart(text));

const listPrefix = ({ image, tag, outcome }: ListQuery) =>
  `n-${partOf(image)}:${partOf(image === undefined ? undefined : tag)}:${partOf(outcome)}:`;

/** The part of the list after the run `from`, or all of it. Undefined: that is no run id. */
export function listRange(query: ListQuery, from: string | undefined): Range | undefined {
  const prefix = listPrefix(query);
  const range = { partition: runsPartition, from: prefix, to: after(prefix) };
  if (from === undefined) return range;
  const position = inverted(from);
  // The lowest key after the run's own: every key of the list ends with "~", and "~0" follows it at once.
  return position === undefined ? undefined : { ...range, from: `${prefix}${position}0` };
}

/** Every list that the ended run stands in. */
export function listKeys(run: RunSummary): string[] {
  const position = inverted(run.id);
  if (position === undefined) throw new TypeError(`Cannot list run '${run.id}': expected a run id, valid in a tag.`);
  const { image, tag } = run.tracked;
  const outcome = run.ended?.outcome;
  return [{}, { image }, { image, tag }].flatMap((list) => [
    listPrefix(list) + position,
    ...(outcome ? [listPrefix({ ...list, outcome }) + position] : []),
  ]);
}
