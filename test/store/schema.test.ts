import { describe, expect, test } from 'vitest';
import { openTables } from '../../src/lib/azure/tables/client.ts';
import { tableHistory } from '../../src/lib/azure/tables/history.ts';
import { tableStore } from '../../src/lib/azure/tables/store.ts';
import { tableVerdicts } from '../../src/lib/azure/tables/verdicts.ts';
import { PortError } from '../../src/lib/pipeline/errors.ts';
import { NewerSchema } from '../../src/lib/pipeline/newer-schema.ts';
import { begin, digestOf, ended, fullHead, head, noon, run, tracked, verdict } from './samples.ts';
import { startTables } from './worlds.ts';

const partitionKey = 'node:9-alpine';

describe('rows of Table Storage', () => {
  const fresh = startTables();

  test('are read by people: plain columns, times, a schema version', async () => {
    const { store, tables } = await fresh();
    await begin(store, fullHead());
    const row = await tables.tags.getEntity(partitionKey, '0-head');
    expect(row).toMatchObject({
      schema: 2,
      image: 'node',
      tag: '9-alpine',
      seq: 12,
      upstreamDigest: digestOf('up'),
      upstreamAt: new Date('2026-03-01T12:00:00.125Z'),
      targetRun: 'r7',
      holdBy: 'ann@contoso.example',
      holdUntil: new Date('2026-03-01T12:00:00.130Z'),
    });
    for (const column of Object.values(row)) expect(JSON.stringify(column)).not.toMatch(/[{[]/);
  });

  test('make their reader wait when a newer release wrote them', async () => {
    const { store, verdicts, index, tables, history } = await fresh();
    await begin(store);
    await begin(store, head({ tracked: tracked('node', 'old') }));
    await store.commit({ head: head({ tracked: tracked('other') }), etag: undefined, runs: [run('r1')] });
    await verdicts.put(verdict(), undefined);
    await index.add({ run: 'r1', tracked: tracked(), first: false });
    const newer = { schema: 3 };
    await tables.tags.updateEntity({ partitionKey, rowKey: '0-head', ...newer }, 'Merge');
    await tables.verdicts.updateEntity({
      partitionKey: verdict().digest.replace(':', '=3A'),
      rowKey: 'f00d',
      ...newer,
    });
    await tables.index.updateEntity({ partitionKey: 'runs', rowKey: 'a-r1', ...newer });
    await expect(store.load(tracked())).rejects.toThrow(NewerSchema);
    await expect(store.load(tracked())).rejects.toThrow(/Tags\/node:9-alpine\/0-head has schema 3.*up to 2/);
    await expect(verdicts.get(verdict().digest, 'f00d')).rejects.toThrow(NewerSchema);
    await expect(index.active()).rejects.toThrow(NewerSchema);
    const { tags, newer: unread } = await history.heads(['node']);
    expect(tags.map((each) => each.tracked.tag)).toEqual(['old']);
    expect(unread).toEqual([tracked()]);
  });

  test('may have columns that this release does not know', async () => {
    const { store, tables } = await fresh();
    await begin(store);
    await tables.tags.updateEntity({ partitionKey, rowKey: '0-head', comment: 'by hand', schema: 2 }, 'Merge');
    expect((await store.load(tracked())).head).toEqual(head());
  });

  test.each([
    [
      'a digest that is none',
      { targetDigest: 'latest', targetAt: new Date(noon) },
      /target\.digest: expected a digest/,
    ],
    ['a word that is none', { seq: 'seven' }, /seq: .*expected number/],
    ['half of a hold', { holdBy: 'ann' }, /hold\.at: .*hold\.reason: /],
  ])('that hold %s say which, and stall for a human', async (_, columns, expected) => {
    const { store, tables } = await fresh();
    await begin(store);
    await tables.tags.updateEntity({ partitionKey, rowKey: '0-head', ...columns }, 'Merge');
    const error = await store.load(tracked()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(PortError);
    expect((error as PortError).message).toMatch(/Tags\/node:9-alpine\/0-head/);
    expect((error as PortError).message).toMatch(expected);
    expect((error as PortError).details).toMatchObject({ next: 'stall', advice: expect.stringContaining('portal') });
  });

  test('keep the end of a long log, without what the service refuses', async () => {
    const { verdicts } = await fresh();
    const logEnd = `${'x'.repeat(100_000)}\u0000\u001b[31mexit status 1\u001b[0m\nthe end 😀`;
    await verdicts.put(verdict({ logEnd }), undefined);
    const { value } = await verdicts.get(verdict().digest, 'f00d');
    expect(value?.logEnd).toMatch(/^x+\[31mexit status 1\[0m\nthe end 😀$/);
    expect(value?.logEnd?.length).toBeGreaterThan(20_000);
  });
});

describe('a storage account without our tables', () => {
  const fresh = startTables();

  test('is said to be so, and is not taken for one where nothing is known', async () => {
    const world = await fresh();
    await Promise.all(
      [world.tables.tags, world.tables.verdicts, world.tables.index].map((table) => table.deleteTable()),
    );
    const { store, verdicts, history, index, holds, retention } = world;
    const questions = [
      store.load(tracked()),
      store.run(tracked(), 'r1'),
      store.commit({ head: head(), etag: undefined }),
      verdicts.get(verdict().digest, 'f00d'),
      verdicts.put(verdict(), undefined),
      history.find('r1'),
      index.end(ended('r1', 'gone', noon)),
      index.drop('r1'),
      holds.get('node'),
      retention.removeDigest(tracked(), digestOf('x')),
    ];
    for (const answer of await Promise.allSettled(questions)) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { details: { next: 'stall' } } });
    }
  });

  test('that cannot be reached is tried again later', async () => {
    const { AzureNamedKeyCredential } = await import('@azure/data-tables');
    const tables = await openTables({
      endpoint: 'http://127.0.0.1:9/account',
      credential: new AzureNamedKeyCredential('account', 'a2V5'),
      client: { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } },
    });
    const questions = [
      tableStore(tables).load(tracked()),
      tableVerdicts(tables).put(verdict(), undefined),
      tableHistory(tables).find('r1'),
    ];
    for (const answer of await Promise.allSettled(questions)) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { name: 'PortError', details: { next: 'retry' } } });
    }
  });
});
