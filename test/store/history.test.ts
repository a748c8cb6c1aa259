import { describe, expect, test } from 'vitest';
import type { RunQuery, RunSummary } from '../../src/lib/pipeline/history.ts';
import type { Outcome } from '../../src/lib/pipeline/model.ts';
import { begin, digestOf, ended, entry, head, noon, run, tracked } from './samples.ts';
import type { World } from './worlds.ts';
import { worlds } from './worlds.ts';

const idOf = (i: number) => `r${String(i).padStart(6, '0')}`;
const outcomes: readonly Outcome[] = ['promoted', 'superseded', 'rejected'];
const places = [tracked('node', '9'), tracked('node', '10'), tracked('nod', '9'), tracked('node-x', '9')] as const;
const placeOf = (i: number) => places[i % places.length] ?? tracked();

/** Ended runs 0 to 59, and active ones 60 to 63, of four tags. */
async function fill({ index, store }: World): Promise<void> {
  await Promise.all(
    Array.from({ length: 60 }, (_, i) => {
      const outcome = outcomes[i % outcomes.length] ?? 'gone';
      return index.end(ended(idOf(i), outcome, noon + i * 1000, { tracked: placeOf(i), createdAt: noon + i }));
    }),
  );
  for (let i = 60; i < 64; i++) {
    await index.add({ run: idOf(i), tracked: placeOf(i), first: false });
    await store.commit({
      head: head({ tracked: placeOf(i) }),
      etag: undefined,
      runs: [run(idOf(i), { tracked: placeOf(i) })],
    });
  }
}

async function all({ history }: World, query: Omit<RunQuery, 'continue'>): Promise<RunSummary[]> {
  const found: RunSummary[] = [];
  let next: string | undefined;
  do {
    const page = await history.runs({ ...query, ...(next === undefined ? {} : { continue: next }) });
    expect(page.runs.length).toBeLessThanOrEqual(query.top);
    found.push(...page.runs);
    next = page.continue;
  } while (next !== undefined);
  return found;
}

const numbers = (select: (i: number) => boolean, from = 63) =>
  Array.from({ length: from + 1 }, (_, i) => from - i)
    .filter(select)
    .map(idOf);

describe.each(worlds)('lists of runs $name', ({ start }) => {
  const fresh = start();

  test('show the newest first, page by page, each run once', async () => {
    const world = await fresh();
    await fill(world);
    expect((await all(world, { top: 7 })).map(({ id }) => id)).toEqual(numbers(() => true));
    expect((await all(world, { top: 64 })).map(({ id }) => id)).toEqual(numbers(() => true));
    expect((await world.history.runs({ top: 64 })).continue).toBeUndefined();
  });

  test('show an image’s, a tag’s, an outcome’s, or what is both', async () => {
    const world = await fresh();
    await fill(world);
    const ids = async (query: Omit<RunQuery, 'top'>) => (await all(world, { ...query, top: 5 })).map(({ id }) => id);
    const { tag } = places[0];
    expect(await ids({ image: 'node' })).toEqual(numbers((i) => i % 4 < 2));
    expect(await ids({ image: 'nod' })).toEqual(numbers((i) => i % 4 === 2));
    expect(await ids({ image: 'node', tag })).toEqual(numbers((i) => i % 4 === 0));
    expect(await ids({ outcome: 'rejected' })).toEqual(numbers((i) => i % 3 === 2, 59));
    expect(await ids({ image: 'node', outcome: 'rejected' })).toEqual(numbers((i) => i % 4 < 2 && i % 3 === 2, 59));
    expect(await ids({ image: 'node', tag, outcome: 'promoted' })).toEqual(numbers((i) => i % 12 === 0, 59));
    expect(await ids({ state: 'active' })).toEqual(numbers((i) => i >= 60));
    expect(await ids({ state: 'ended', image: 'node-x' })).toEqual(numbers((i) => i % 4 === 3, 59));
    expect(await ids({ image: 'none' })).toEqual([]);
  });

  test('tell what a run is, and how it ended', async () => {
    const world = await fresh();
    await fill(world);
    const [active] = (await world.history.runs({ top: 1 })).runs;
    expect(active).toEqual({
      id: idOf(63),
      tracked: placeOf(63),
      kind: 'upstream',
      stage: 'import',
      digest: digestOf(idOf(63)),
      createdAt: noon,
      why: 'upstream shows a new digest',
      requestedBy: 'ann@contoso.example',
    });
    const [last] = (await world.history.runs({ top: 1, state: 'ended' })).runs;
    expect(last).toMatchObject({ id: idOf(59), ended: { at: noon + 59_000, outcome: 'rejected' } });
  });

  test('leave out a run that is indexed but not created', async () => {
    const world = await fresh();
    await world.index.add({ run: 'r1', tracked: tracked(), first: false });
    expect((await world.history.runs({ top: 10 })).runs).toEqual([]);
  });

  test('show nothing after a position that is none', async () => {
    const world = await fresh();
    await world.index.end(ended('r1', 'gone', noon));
    expect((await world.history.runs({ top: 10, state: 'ended', continue: '' })).runs).toEqual([]);
  });

  test('find whose run it is, active or ended, and take any text for a question', async () => {
    const { history, ...world } = await fresh();
    await fill({ history, ...world });
    expect(await history.find(idOf(63))).toEqual(placeOf(63));
    expect(await history.find(idOf(10))).toEqual(placeOf(10));
    for (const text of ['', 'r', idOf(64), "' or RowKey ne '", '../..', 'ä\u0000/\\#?%', 'x'.repeat(5000)]) {
      expect(await history.find(text)).toBeUndefined();
    }
  });
});

describe.each(worlds)('what people read of a tag $name', ({ start }) => {
  const fresh = start();

  test('is the timeline of a run in the order of its commits, and apart from it the tag’s own', async () => {
    const { store, history } = await fresh();
    const { run: _, ...held } = entry({ from: 'free', to: 'held', why: 'an audit', by: 'ann' });
    let etag: string | undefined;
    for (let version = 1; version <= 12; version++) {
      const timeline = [entry({ at: noon + version, why: `${version}a` }), entry({ why: `${version}b` }), held];
      const answer = await store.commit({
        head: head({ version }),
        etag,
        timeline: [...timeline, entry({ run: 'r10' })],
      });
      if (answer === 'conflict') throw new Error('unexpected');
      etag = answer.etag;
    }
    const whys = (await history.timeline(tracked(), 'r1')).map(({ why }) => why);
    expect(whys).toEqual(Array.from({ length: 12 }, (_, i) => [`${i + 1}a`, `${i + 1}b`]).flat());
    expect(await history.timeline(tracked())).toEqual(Array.from({ length: 12 }, () => held));
    expect(await history.timeline(tracked(), 'r')).toEqual([]);
    expect(await history.timeline(tracked('nod'))).toEqual([]);
  });

  test('are the heads of the images asked for, with what stands beside them', async () => {
    const { store, history } = await fresh();
    for (const place of places) await begin(store, head({ tracked: place, nonce: 'first' }));
    const { etag } = await store.load(places[0]);
    await store.commit({ head: head({ tracked: places[0] }), etag, runs: [run('r1', { tracked: places[0] })] });
    const { tags, newer } = await history.heads(['node', 'nod', 'none', 'node']);
    expect(tags.map((each) => each.tracked)).toEqual([places[2], places[1], places[0]]);
    expect(tags[2]?.active.map(({ id }) => id)).toEqual(['r1']);
    expect(newer).toEqual([]);
  });

  test('are the digests it has known', async () => {
    const { store, history } = await fresh();
    const digests = ['a', 'b', 'c'].map(digestOf).sort();
    await store.commit({ head: head(), etag: undefined, digests: digests.map((digest) => ({ digest, lastRun: 'r' })) });
    expect((await history.digests(tracked())).map(({ digest }) => digest)).toEqual(digests);
    expect(await history.digests(tracked('other'))).toEqual([]);
  });
});
