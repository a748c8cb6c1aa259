/**
 * The rows of a tracked tag's partition. Those that decisions rest on stand first and side by side, so that one
 * request reads them: `0-head`, `0-lease`, `1-blocked-…`, `2-active-…`; what is history comes after.
 */
import type { TransactionAction } from '@azure/data-tables';
import type { TrackedTag } from '../../pipeline/model.ts';
import type { Change } from '../../pipeline/record.ts';
import type { Range } from './access.ts';
import { writeValue } from './access.ts';
import type { Layout } from './columns.ts';
import { after, encodePart, keyOf } from './key.ts';
import { layouts } from './layouts.ts';

export function partitionOf(tracked: TrackedTag): string {
  return keyOf(tracked.image, tracked.tag);
}

export const headKey = '0-head';
export const leaseKey = '0-lease';
export const blockedPrefix = '1-blocked-';
export const activePrefix = '2-active-';
export const digestPrefix = '4-digest-';

export const blockedKey = (digest: string) => blockedPrefix + encodePart(digest);
export const activeKey = (run: string) => activePrefix + encodePart(run);
export const endedKey = (run: string) => `3-run-${encodePart(run)}`;
export const digestKey = (digest: string) => digestPrefix + encodePart(digest);

const buildPrefix = (run: string) => `5-build-${encodePart(run)}:`;
const timelinePrefix = (run: string | undefined) => `6-timeline-${encodePart(run ?? '')}:`;

/** Head, lease, blocked digests and active runs. */
export function currentRange(tracked: TrackedTag): Range {
  return { partition: partitionOf(tracked), from: '0-', to: '3-' };
}

export function digestRange(tracked: TrackedTag): Range {
  return { partition: partitionOf(tracked), from: digestPrefix, to: after(digestPrefix) };
}

export function buildRange(tracked: TrackedTag, run: string): Range {
  const from = buildPrefix(run);
  return { partition: partitionOf(tracked), from, to: after(from) };
}

/** Without a run: what concerns the tag itself. */
export function timelineRange(tracked: TrackedTag, run: string | undefined): Range {
  const from = timelinePrefix(run);
  return { partition: partitionOf(tracked), from, to: after(from) };
}

/** The rows that a change writes and deletes: the head first. */
export function actionsOf(change: Change): TransactionAction[] {
  const partitionKey = partitionOf(change.head.tracked);
  const put = <T>(layout: Layout<T>, rowKey: string, value: T, mode: 'Replace' | 'Merge' = 'Replace') =>
    ['upsert', writeValue(layout, partitionKey, rowKey, value), mode] satisfies TransactionAction;
  const remove = (rowKey: string): TransactionAction => ['delete', { partitionKey, rowKey }];
  const head = writeValue(layouts.head, partitionKey, headKey, change.head);
  const version = String(change.head.version).padStart(10, '0');
  const lease = change.lease;
  return [
    change.etag === undefined ? ['create', head] : ['update', head, 'Replace', { etag: change.etag }],
    ...(change.runs ?? []).flatMap((run): TransactionAction[] => {
      if (!run.ended) return [put(layouts.run, activeKey(run.id), run)];
      return [put(layouts.run, endedKey(run.id), run), remove(activeKey(run.id))];
    }),
    ...(change.digests ?? []).map((row) => put(layouts.digest, digestKey(row.digest), row, 'Merge')),
    ...(change.builds ?? []).map((build) =>
      put(layouts.build, buildPrefix(build.run) + keyOf(build.registry, build.task), build),
    ),
    ...(lease === undefined ? [] : [lease === 'release' ? remove(leaseKey) : put(layouts.lease, leaseKey, lease.take)]),
    ...(change.block ?? []).map((blocked) => put(layouts.blocked, blockedKey(blocked.digest), blocked)),
    ...(change.unblock ?? []).map((digest) => remove(blockedKey(digest))),
    ...(change.timeline ?? []).map((entry, i) =>
      put(layouts.timeline, `${timelinePrefix(entry.run)}${version}-${String(i).padStart(2, '0')}`, entry),
    ),
  ];
}
