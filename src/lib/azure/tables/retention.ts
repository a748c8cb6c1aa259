import type { TableClient } from '@azure/data-tables';
import type { Retention, RunPage, RunSummary } from '../../pipeline/history.ts';
import type { Instant } from '../../pipeline/model.ts';
import type { Range } from './access.ts';
import {
  allRows,
  failure,
  filterOf,
  isConflict,
  isMissingRow,
  largestPage,
  pages,
  readRow,
  readValue,
  timestampOf,
} from './access.ts';
import type { Tables } from './client.ts';
import { endedRunKey, endedRunPrefix, listKeys, runsPartition } from './index-rows.ts';
import { after, encodePart } from './key.ts';
import { layouts } from './layouts.ts';
import { buildRange, digestKey, endedKey, partitionOf, timelineRange } from './tag-rows.ts';
import { deleteRows } from './transaction.ts';
import { verdictOf } from './verdicts.ts';

/** Finds and removes old rows. No head is touched: nothing that a decision rests on is removed. */
export function tableRetention({ tags, verdicts, index }: Tables): Retention {
  return {
    endedBefore: (before, top, from) => endedBefore(index, before, top, from),
    async removeRun(run) {
      const partition = partitionOf(run.tracked);
      const parts = [timelineRange(run.tracked, run.id), buildRange(run.tracked, run.id)];
      const rows = (await Promise.all(parts.map((range) => allRows(tags, range)))).flat();
      await deleteRows(tags, partition, [...rows.map((row) => row.rowKey), endedKey(run.id)]);
      // Last, so that a run whose removal was cut short is found again.
      await deleteRows(index, runsPartition, [endedRunKey(run.id), ...listKeys(run)]);
    },
    removeDigest: (tracked, digest) => deleteRows(tags, partitionOf(tracked), [digestKey(digest)]),
    async removeTimeline(tracked, before) {
      const rows = await allRows(tags, timelineRange(tracked, undefined));
      const old = rows.filter((row) => readValue(tags, layouts.timeline, row).at < before);
      await deleteRows(
        tags,
        partitionOf(tracked),
        old.map((row) => row.rowKey),
      );
    },
    async *verdictsBefore(before) {
      const filter = `Timestamp lt datetime'${new Date(before).toISOString()}'`;
      for await (const page of pages(verdicts, filter)) {
        if (page.rows.length > 0) yield page.rows.map((row) => verdictOf(verdicts, row));
      }
    },
    async removeVerdict(verdict) {
      const [partition, rowKey] = [encodePart(verdict.digest), encodePart(verdict.validation)];
      const { row } = await readRow(verdicts, partition, rowKey);
      if (!row || timestampOf(row) !== verdict.changedAt) return;
      await verdicts.deleteEntity(partition, rowKey, { etag: row.etag }).catch((cause: unknown) => {
        if (!isConflict(cause) && !isMissingRow(cause)) throw failure('remove verdict of', verdict.digest, cause);
      });
    },
  };
}

/**
 * Rows by run id are oldest first by creation. A run created before that day may have ended after it: it is passed over.
 * Nothing created since then can have ended before it: there the reading stops.
 */
async function endedBefore(index: TableClient, before: Instant, top: number, from?: string): Promise<RunPage> {
  const start = from === undefined ? endedRunPrefix : `${endedRunKey(from)}-`;
  const range: Range = { partition: runsPartition, from: start, to: after(endedRunPrefix) };
  const found: RunSummary[] = [];
  for await (const page of pages(index, filterOf(range), Math.min(top + 1, largestPage))) {
    for (const row of page.rows) {
      const run = readValue(index, layouts.summary, row);
      if (run.createdAt >= before) return { runs: found };
      if (!run.ended || run.ended.at >= before) continue;
      const last = found.at(-1);
      if (found.length === top && last) return { runs: found, continue: last.id };
      found.push(run);
    }
  }
  return { runs: found };
}
