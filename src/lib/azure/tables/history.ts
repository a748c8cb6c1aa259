import type { TableClient } from '@azure/data-tables';
import pLimit from 'p-limit';
import type { History, RunPage, RunQuery, RunSummary } from '../../pipeline/history.ts';
import { summaryOf } from '../../pipeline/history.ts';
import type { TrackedTag } from '../../pipeline/model.ts';
import { NewerSchema } from '../../pipeline/newer-schema.ts';
import type { ActiveRow, Loaded, Store } from '../../pipeline/record.ts';
import type { Range } from './access.ts';
import { allRows, firstRows, readRow, readValue } from './access.ts';
import type { Tables } from './client.ts';
import type { Layout } from './columns.ts';
import { activeRunKey, endedRunKey, listRange, runsPartition } from './index-rows.ts';
import { after, encodePart, fits } from './key.ts';
import { layouts } from './layouts.ts';
import { readActive } from './run-index.ts';
import { load, tableStore, tagsPartition } from './store.ts';
import { digestRange, timelineRange } from './tag-rows.ts';
import { verdictOf } from './verdicts.ts';

const atOnce = 16;

/**
 * What pages and HTTP read. A page of ended runs is one request for its rows and one more; active runs add one request
 * for each thousand of them, and one for each that is shown; heads are one request a tag.
 */
export function tableHistory(tables: Tables): History {
  const { tags, verdicts, index } = tables;
  const store = tableStore(tables);
  const read = async <T>(table: TableClient, layout: Layout<T>, range: Range): Promise<T[]> =>
    (await allRows(table, range)).map((row) => readValue(table, layout, row));
  return {
    runs: (query) => runs(index, store, query),
    find: (run) => find(index, run),
    timeline: (tracked, run) => read(tags, layouts.timeline, timelineRange(tracked, run)),
    async heads(images) {
      const ranges = [...new Set(images)].sort().map((image): Range => {
        const from = `${encodePart(image)}:`;
        return { partition: tagsPartition, from, to: after(from) };
      });
      const named = await Promise.all(ranges.map((range) => read(index, layouts.tracked, range)));
      return heads(tags, named.flat());
    },
    async verdicts(digest) {
      const rows = await allRows(verdicts, { partition: encodePart(digest), from: '', to: '~' });
      return rows.map((row) => verdictOf(verdicts, row));
    },
    digests: (tracked) => read(tags, layouts.digest, digestRange(tracked)),
  };
}

async function runs(index: TableClient, store: Store, query: RunQuery): Promise<RunPage> {
  // Active first: a run that ends between the two requests is then seen twice, rather than not at all.
  const active = await activeRuns(index, query);
  const ended = await endedRuns(index, query);
  const known = new Map<string, ActiveRow | RunSummary>();
  for (const row of active) known.set(row.run, row);
  for (const run of ended) known.set(run.id, run);
  const newest = [...known].sort(([a], [b]) => (a < b ? 1 : -1));
  const shown = newest.slice(0, query.top);
  const last = shown.at(-1)?.[0];
  return {
    runs: await summaries(
      store,
      shown.map(([, run]) => run),
    ),
    ...(last !== undefined && newest.length > shown.length ? { continue: last } : {}),
  };
}

async function activeRuns(index: TableClient, query: RunQuery): Promise<readonly ActiveRow[]> {
  if (query.state === 'ended' || query.outcome !== undefined) return [];
  const { rows } = await readActive(index);
  return rows.filter(
    ({ run, tracked }) =>
      (query.image === undefined || tracked.image === query.image) &&
      (query.image === undefined || query.tag === undefined || tracked.tag === query.tag) &&
      (query.continue === undefined || run < query.continue),
  );
}

async function endedRuns(index: TableClient, query: RunQuery): Promise<readonly RunSummary[]> {
  const range = query.state === 'active' ? undefined : listRange(query, query.continue);
  if (!range) return [];
  const rows = await firstRows(index, range, query.top + 1);
  return rows.map((row) => readValue(index, layouts.summary, row));
}

/** An active row without a run is of a run not yet created, or never: it is left out. */
async function summaries(store: Store, shown: readonly (ActiveRow | RunSummary)[]): Promise<RunSummary[]> {
  const limit = pLimit(atOnce);
  const found = await limit.map(shown, async (row) => {
    if (!('run' in row)) return row;
    const run = await store.run(row.tracked, row.run);
    return run && summaryOf(run);
  });
  return found.filter((summary) => summary !== undefined);
}

async function find(index: TableClient, run: string): Promise<TrackedTag | undefined> {
  const [active, ended] = [activeRunKey(run), endedRunKey(run)];
  if (!fits(ended)) return undefined;
  // Active first, as above.
  const row = (await readRow(index, runsPartition, active)).row ?? (await readRow(index, runsPartition, ended)).row;
  return row && readValue(index, layouts.tracked, row);
}

async function heads(tags: TableClient, named: readonly TrackedTag[]) {
  const limit = pLimit(atOnce);
  const newer: TrackedTag[] = [];
  const loaded = await limit.map(named, async (tracked): Promise<(Loaded & { tracked: TrackedTag }) | undefined> => {
    try {
      const current = await load(tags, tracked);
      return current.head && { ...current, tracked };
    } catch (cause) {
      if (!(cause instanceof NewerSchema)) throw cause;
      newer.push(tracked);
      return undefined;
    }
  });
  return { tags: loaded.filter((tag) => tag !== undefined), newer };
}
