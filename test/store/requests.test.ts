import type { TransactionAction } from '@azure/data-tables';
import { describe, expect, test } from 'vitest';
import { writeValue } from '../../src/lib/azure/tables/access.ts';
import { listKeys, runsPartition } from '../../src/lib/azure/tables/index-rows.ts';
import { layouts } from '../../src/lib/azure/tables/layouts.ts';
import { blockedKey, partitionOf } from '../../src/lib/azure/tables/tag-rows.ts';
import { transact } from '../../src/lib/azure/tables/transaction.ts';
import { summaryOf } from '../../src/lib/pipeline/history.ts';
import { act, begin, build, digestOf, ended, entry, head, noon, run, tracked } from './samples.ts';
import type { TableWorld } from './worlds.ts';
import { startTables } from './worlds.ts';

async function insert(table: TableWorld['tables']['index'], rows: readonly TransactionAction[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 100) await transact(table, rows.slice(from, from + 100), '');
}

async function costOf({ counter }: TableWorld, work: () => Promise<unknown>) {
  const before = { ...counter };
  await work();
  return { requests: counter.requests - before.requests, rows: counter.rows - before.rows };
}

describe('requests to Table Storage', () => {
  const fresh = startTables();

  test('are one to load a tag, and one to commit, with history behind it', async () => {
    const world = await fresh();
    const { store } = world;
    const etag = await begin(store);
    const first = await store.commit({
      head: head({ version: 2 }),
      etag,
      runs: Array.from({ length: 20 }, (_, i) => ended(`e${i}`, 'gone', noon)),
      timeline: Array.from({ length: 20 }, () => entry()),
    });
    if (first === 'conflict') throw new Error('unexpected');
    const change = {
      head: head({ version: 3 }),
      etag: first.etag,
      runs: [run('r1')],
      digests: [{ digest: digestOf('r1') }],
      builds: [build()],
      lease: { take: { run: 'r1', digest: digestOf('r1') } },
      block: [{ ...act, digest: digestOf('bad') }],
      timeline: [entry()],
    };
    expect(await costOf(world, () => store.commit(change))).toMatchObject({ requests: 1 });
    expect(await costOf(world, () => store.load(tracked()))).toEqual({ requests: 1, rows: 4 });
    expect(await costOf(world, () => store.run(tracked(), 'r1'))).toEqual({ requests: 1, rows: 1 });
  });

  test('are one to index a run, one to end it, and one to list the active ones', async () => {
    const world = await fresh();
    const { index } = world;
    const row = { run: 'r1', tracked: tracked(), first: false };
    expect(await costOf(world, () => index.add(row))).toMatchObject({ requests: 1 });
    expect(await costOf(world, () => index.active())).toMatchObject({ requests: 1, rows: 1 });
    expect(await costOf(world, () => index.end(ended('r1', 'gone', noon)))).toMatchObject({ requests: 1 });
  });

  test('read 51 rows to list 50 runs of 2,000', async () => {
    const world = await fresh();
    const runs = Array.from({ length: 2000 }, (_, i) =>
      summaryOf(ended(`r${String(i).padStart(6, '0')}`, i % 2 ? 'promoted' : 'superseded', noon)),
    );
    const rows = runs.flatMap((each) =>
      listKeys(each).map((rowKey): TransactionAction => {
        return ['create', writeValue(layouts.summary, runsPartition, rowKey, each)];
      }),
    );
    // The list of all, and that of the image by outcome.
    await insert(
      world.tables.index,
      rows.filter((_, i) => i % 6 === 0 || i % 6 === 3),
    );
    for (const query of [{ state: 'ended' }, { image: 'node', outcome: 'promoted' }] as const) {
      let next: string | undefined;
      for (let page = 0; page < 3; page++) {
        const from = next === undefined ? {} : { continue: next };
        const cost = await costOf(world, async () => {
          const answer = await world.history.runs({ ...query, ...from, top: 50 });
          expect(answer.runs).toHaveLength(50);
          next = answer.continue;
        });
        expect(cost).toEqual({ requests: 1, rows: 51 });
      }
    }
  });

  test('are repeated for a tag that takes more than one, when it changes between them', async () => {
    const { store, tables } = await fresh();
    const digests = Array.from({ length: 1010 }, (_, i) => digestOf(String(i))).sort();
    const partition = partitionOf(tracked());
    await insert(
      tables.tags,
      digests.map((digest): TransactionAction => {
        return ['create', writeValue(layouts.blocked, partition, blockedKey(digest), { ...act, digest })];
      }),
    );
    const first = await begin(store);
    expect((await store.load(tracked())).blocked).toHaveLength(1010);
    const [low, high] = [digests[0], digests.at(-1)];
    let interfered = false;
    tables.tags.pipeline.addPolicy({
      name: 'somebody commits between the pages',
      async sendRequest(request, next) {
        if (request.url.includes('NextRowKey') && !interfered && low && high) {
          interfered = true;
          const change = { head: head({ version: 2 }), etag: first, unblock: [low, high], runs: [run('r1')] };
          expect(await store.commit(change)).not.toBe('conflict');
        }
        return next(request);
      },
    });
    const loaded = await store.load(tracked());
    expect(interfered).toBe(true);
    expect(loaded.head?.version).toBe(2);
    expect(loaded.blocked.map(({ digest }) => digest)).toEqual(digests.slice(1, -1));
    expect(loaded.active).toHaveLength(1);
  });
});
