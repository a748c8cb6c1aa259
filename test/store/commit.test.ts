import { describe, expect, test } from 'vitest';
import type { Head } from '../../src/lib/pipeline/model.ts';
import type { Change } from '../../src/lib/pipeline/record.ts';
import { act, begin, build, digestOf, ended, entry, fullHead, fullRun, head, noon, run, tracked } from './samples.ts';
import { worlds } from './worlds.ts';

describe.each(worlds)('a commit $name', ({ start }) => {
  const fresh = start();

  test('gives back every field that was written, instants to the millisecond', async () => {
    const { store } = await fresh();
    const end = ended('r2', 'promoted', noon + 999);
    await store.commit({ head: fullHead(), etag: undefined, runs: [fullRun('r1'), end] });
    const loaded = await store.load(tracked());
    expect(loaded.head).toEqual(fullHead());
    expect(loaded.active).toEqual([fullRun('r1')]);
    expect(await store.run(tracked(), 'r1')).toEqual(fullRun('r1'));
    expect(await store.run(tracked(), 'r2')).toEqual(end);
  });

  test('clears the fields that the next one leaves out', async () => {
    const { store } = await fresh();
    await store.commit({ head: fullHead(), etag: undefined, runs: [fullRun('r1')] });
    const { etag } = await store.load(tracked());
    const { hold: _, ...released } = fullHead();
    const unparked = { ...fullRun('r1'), parked: undefined, operation: undefined };
    const forgotten = { upstream: undefined, upstreamGoneSince: undefined, unsettled: undefined };
    await store.commit({ head: { ...released, ...forgotten }, etag, runs: [unparked] });
    const loaded = await store.load(tracked());
    expect(loaded.head).toMatchObject({ target: fullHead().target });
    expect(loaded.head?.hold).toBeUndefined();
    for (const name of Object.keys(forgotten)) expect(loaded.head?.[name as keyof Head]).toBeUndefined();
    expect(loaded.active[0]?.parked).toBeUndefined();
    expect(loaded.active[0]?.operation).toBeUndefined();
  });

  test('knows no head of a tag that was never looked at', async () => {
    const { store } = await fresh();
    const loaded = await store.load(tracked());
    expect(loaded).toMatchObject({ active: [], blocked: [] });
    expect(loaded.head).toBeUndefined();
    expect(loaded.etag).toBeUndefined();
    expect(loaded.lease).toBeUndefined();
    expect(Math.abs(loaded.at - Date.now())).toBeLessThan(60_000);
  });

  test('refuses a first head where there is one', async () => {
    const { store } = await fresh();
    await begin(store);
    expect(await store.commit({ head: head({ nonce: 'late' }), etag: undefined })).toBe('conflict');
    expect((await store.load(tracked())).head?.nonce).toBe('n1');
  });

  test('refuses a later head where there is none', async () => {
    const { store } = await fresh();
    const etag = await begin(store, head({ tracked: tracked('other') }));
    expect(await store.commit({ head: head(), etag })).toBe('conflict');
    expect((await store.load(tracked())).head).toBeUndefined();
  });

  test('lets one of 32 that race with one ETag win', async () => {
    const { store } = await fresh();
    const etag = await begin(store);
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, i) =>
        store.commit({ head: head({ version: 2, nonce: `race${i}` }), etag, runs: [run(`r${i}`)] }),
      ),
    );
    const winners = answers.flatMap((answer, i) => (answer === 'conflict' ? [] : [i]));
    expect(winners).toHaveLength(1);
    const loaded = await store.load(tracked());
    expect(loaded.head?.nonce).toBe(`race${winners[0]}`);
    expect(loaded.active.map(({ id }) => id)).toEqual([`r${winners[0]}`]);
  });

  test('lets one of 8 that race to be first win', async () => {
    const { store } = await fresh();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.commit({ head: head({ nonce: `race${i}` }), etag: undefined })),
    );
    expect(answers.filter((answer) => answer !== 'conflict')).toHaveLength(1);
  });

  test('gives an ETag with which the next one goes without loading', async () => {
    const { store } = await fresh();
    const first = await begin(store);
    const second = await store.commit({ head: head({ version: 2 }), etag: first, runs: [run('r1')] });
    if (second === 'conflict') throw new Error('unexpected');
    expect((await store.load(tracked())).etag).toBe(second.etag);
    expect(await store.commit({ head: head({ version: 3 }), etag: second.etag })).not.toBe('conflict');
    expect(await store.commit({ head: head({ version: 4 }), etag: second.etag })).toBe('conflict');
  });

  test('leaves nothing behind when it is refused', async () => {
    const { store, history } = await fresh();
    const stale = await begin(store);
    await store.commit({
      head: head({ version: 2 }),
      etag: stale,
      runs: [run('r0')],
      lease: { take: { run: 'r0', digest: digestOf('r0') } },
      block: [{ ...act, digest: digestOf('bad') }],
    });
    const before = await store.load(tracked());
    const change: Change = {
      head: head({ version: 2, nonce: 'stale' }),
      etag: stale,
      runs: [run('r1'), ended('r0', 'cancelled', noon)],
      digests: [{ digest: digestOf('r1'), lastRun: 'r1' }],
      builds: [build()],
      lease: 'release',
      block: [{ ...act, digest: digestOf('r1') }],
      unblock: [digestOf('bad')],
      timeline: [entry()],
    };
    expect(await store.commit(change)).toBe('conflict');
    const after = await store.load(tracked());
    expect({ ...after, at: 0 }).toEqual({ ...before, at: 0 });
    expect(await store.run(tracked(), 'r1')).toBeUndefined();
    expect((await store.run(tracked(), 'r0'))?.ended).toBeUndefined();
    expect(await store.digest(tracked(), digestOf('r1'))).toBeUndefined();
    expect(await store.builds(tracked(), 'r1')).toEqual([]);
    expect(await history.timeline(tracked(), 'r1')).toEqual([]);
  });

  test('takes an ended run out of the active ones as it ends', async () => {
    const { store } = await fresh();
    let etag = await begin(store);
    await store.commit({ head: head({ version: 2 }), etag, runs: [run('r1'), run('r2')] });
    etag = (await store.load(tracked())).etag ?? '';
    await store.commit({ head: head({ version: 3 }), etag, runs: [ended('r1', 'promoted', noon)] });
    expect((await store.load(tracked())).active.map(({ id }) => id)).toEqual(['r2']);
    expect((await store.run(tracked(), 'r1'))?.ended).toEqual({ at: noon, outcome: 'promoted' });
  });

  test('takes a run that ends twice, or was never active', async () => {
    const { store } = await fresh();
    const etag = await begin(store);
    const first = await store.commit({ head: head({ version: 2 }), etag, runs: [ended('r1', 'void', noon)] });
    if (first === 'conflict') throw new Error('unexpected');
    const again = ended('r1', 'void', noon, { why: 'said better' });
    expect(await store.commit({ head: head({ version: 3 }), etag: first.etag, runs: [again] })).not.toBe('conflict');
    expect((await store.run(tracked(), 'r1'))?.why).toBe('said better');
  });

  test('keeps a digest row’s fields that the next one leaves out', async () => {
    const { store } = await fresh();
    const digest = digestOf('d');
    const etag = await begin(store);
    await store.commit({ head: head(), etag, digests: [{ digest, seenUpstreamAt: noon, lastRun: 'r1' }] });
    const next = (await store.load(tracked())).etag;
    await store.commit({ head: head(), etag: next, digests: [{ digest, inTargetAt: noon + 5, promotedAt: noon + 6 }] });
    expect(await store.digest(tracked(), digest)).toEqual({
      digest,
      seenUpstreamAt: noon,
      lastRun: 'r1',
      inTargetAt: noon + 5,
      promotedAt: noon + 6,
    });
    expect(await store.digest(tracked('node', 'other'), digest)).toBeUndefined();
  });

  test('blocks and unblocks, and unblocking twice is as good as once', async () => {
    const { store } = await fresh();
    const [a, b] = [digestOf('a'), digestOf('b')];
    await begin(store);
    const write = async (change: Partial<Change>) => {
      const { etag } = await store.load(tracked());
      return store.commit({ head: head(), etag, ...change });
    };
    await write({
      block: [
        { ...act, digest: a },
        { ...act, digest: b },
      ],
    });
    expect((await store.load(tracked())).blocked.map(({ digest }) => digest)).toEqual([a, b].sort());
    await write({ unblock: [a] });
    expect(await write({ unblock: [a], runs: [run('r1')] })).not.toBe('conflict');
    expect((await store.load(tracked())).blocked).toEqual([{ ...act, digest: b }]);
    expect((await store.load(tracked())).active).toHaveLength(1);
  });

  test('refuses more rows than one transaction holds, before anything is sent', async () => {
    const { store } = await fresh();
    const builds = (count: number) => Array.from({ length: count }, (_, i) => build({ task: `task${i}` }));
    await expect(store.commit({ head: head(), etag: undefined, builds: builds(100) })).rejects.toThrow(/101 rows/);
    expect((await store.load(tracked())).head).toBeUndefined();
    expect(await store.commit({ head: head(), etag: undefined, builds: builds(99) })).not.toBe('conflict');
    expect(await store.builds(tracked(), 'r1')).toHaveLength(99);
  });
});

describe.each(worlds)('the lease $name', ({ start }) => {
  const fresh = start();

  test('says by the store’s clock since when it is held, and is not renewed by other commits', async () => {
    const { store } = await fresh();
    const etag = await begin(store);
    const before = (await store.load(tracked())).at;
    const digest = digestOf('candidate');
    const taken = await store.commit({ head: head({ version: 2 }), etag, lease: { take: { run: 'r1', digest } } });
    if (taken === 'conflict') throw new Error('unexpected');
    const { lease, at } = await store.load(tracked());
    expect(lease).toMatchObject({ run: 'r1', digest });
    expect(lease?.since).toBeGreaterThanOrEqual(before);
    // The Date header is cut to the second.
    expect(lease?.since).toBeLessThan(at + 1000);
    await store.commit({ head: head({ version: 3 }), etag: taken.etag, runs: [run('r1')] });
    expect((await store.load(tracked())).lease).toEqual(lease);
  });

  test('is gone when released, and releasing twice is as good as once', async () => {
    const { store } = await fresh();
    const etag = await begin(store);
    await store.commit({ head: head(), etag, lease: { take: { run: 'r1', digest: digestOf('c') } } });
    for (let i = 0; i < 2; i++) {
      const loaded = await store.load(tracked());
      expect(await store.commit({ head: head(), etag: loaded.etag, lease: 'release' })).not.toBe('conflict');
      expect((await store.load(tracked())).lease).toBeUndefined();
    }
  });
});
