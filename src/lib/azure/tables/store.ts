import type { TableClient } from '@azure/data-tables';
import type { Blocked, Head, Instant, Lease, Run, TrackedTag } from '../../pipeline/model.ts';
import { nameOf } from '../../pipeline/model.ts';
import type { Loaded, Store } from '../../pipeline/record.ts';
import type { Row } from './access.ts';
import { allRows, etagOf, failure, filterOf, pages, readRow, readValue, timestampOf, writeValue } from './access.ts';
import type { Tables } from './client.ts';
import { encodePart, keyOf } from './key.ts';
import { layouts } from './layouts.ts';
import {
  actionsOf,
  activeKey,
  activePrefix,
  blockedPrefix,
  buildRange,
  currentRange,
  digestKey,
  endedKey,
  headKey,
  leaseKey,
  partitionOf,
} from './tag-rows.ts';
import { transact } from './transaction.ts';

/** The partition of the index table that names every tag with a head. */
export const tagsPartition = 'tags';

/** Tracked tags on Table Storage. `load` and `commit` are one request each. */
export function tableStore(tables: Tables): Store {
  const { tags, index } = tables;
  return {
    load: (tracked) => load(tags, tracked),
    async commit(change) {
      const actions = actionsOf(change);
      // Before the head, so that no crash hides a tag; a name without a head is ignored.
      if (change.etag === undefined) await nameTag(index, change.head.tracked);
      const answer = await transact(tags, actions, headKey);
      if (answer === 'conflict') return answer;
      return { etag: etagOf(answer.etag, 'commit', nameOf(change.head.tracked)) };
    },
    async run(tracked, id) {
      const partition = partitionOf(tracked);
      // Active first: a run that ends between the two requests is found by the second.
      const active = await readRow(tags, partition, activeKey(id));
      const row = active.row ?? (await readRow(tags, partition, endedKey(id))).row;
      return row && readValue(tags, layouts.run, row);
    },
    async digest(tracked, digest) {
      const { row } = await readRow(tags, partitionOf(tracked), digestKey(digest));
      return row && readValue(tags, layouts.digest, row);
    },
    async builds(tracked, run) {
      const rows = await allRows(tags, buildRange(tracked, run));
      return rows.map((row) => readValue(tags, layouts.build, row));
    },
  };
}

async function nameTag(index: TableClient, tracked: TrackedTag): Promise<void> {
  const row = writeValue(layouts.tracked, tagsPartition, keyOf(tracked.image, tracked.tag), tracked);
  await index.upsertEntity(row, 'Replace').catch((cause: unknown) => {
    throw failure('name tag', `${index.tableName}/${tagsPartition}/${encodePart(tracked.image)}`, cause);
  });
}

export async function load(tags: TableClient, tracked: TrackedTag): Promise<Loaded> {
  for (;;) {
    const { rows, at, pageCount } = await readCurrent(tags, tracked);
    // One request sees one moment; several may not: then the head tells whether anything changed meanwhile.
    if (pageCount > 1) {
      const head = await readRow(tags, partitionOf(tracked), headKey);
      if (head.row?.etag !== rows.find((row) => row.rowKey === headKey)?.etag) continue;
    }
    return assemble(tags, rows, at);
  }
}

async function readCurrent(tags: TableClient, tracked: TrackedTag) {
  const rows: Row[] = [];
  let at: Instant | undefined;
  let pageCount = 0;
  for await (const page of pages(tags, filterOf(currentRange(tracked)))) {
    rows.push(...page.rows);
    at ??= page.at;
    pageCount++;
  }
  return { rows, at: at ?? Number.NaN, pageCount };
}

function assemble(tags: TableClient, rows: readonly Row[], at: Instant): Loaded {
  let head: { head: Head; etag: string } | undefined;
  let lease: Lease | undefined;
  const blocked: Blocked[] = [];
  const active: Run[] = [];
  for (const row of rows) {
    if (row.rowKey === headKey) head = { head: readValue(tags, layouts.head, row), etag: row.etag };
    else if (row.rowKey === leaseKey) lease = { ...readValue(tags, layouts.lease, row), since: timestampOf(row) };
    else if (row.rowKey.startsWith(blockedPrefix)) blocked.push(readValue(tags, layouts.blocked, row));
    else if (row.rowKey.startsWith(activePrefix)) active.push(readValue(tags, layouts.run, row));
  }
  return { ...head, ...(lease ? { lease } : {}), active, blocked, at };
}
