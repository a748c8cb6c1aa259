import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/lib/pipeline/record.ts';
import type { KnownSession, Pipeline } from '../../src/lib/pipeline/session.ts';
import { activeRun, commit, isKnown, open } from '../../src/lib/pipeline/session.ts';
import type { MemoryState } from '../simulation/memory-store.ts';
import { memoryState, memoryStore } from '../simulation/memory-store.ts';
import { KindWorld } from './kind-world.ts';
import { A, headOf, holdOf, now, runOf, tracked } from './samples.ts';

const image = new KindWorld().world.catalog.images[0];
const lost = new Error('read ECONNRESET');

let state: MemoryState;
let nonces: number;
let told: string[];
/** Milliseconds of the worker's own clock. */
let monotonic: number;

beforeEach(async () => {
  state = memoryState();
  nonces = 0;
  told = [];
  monotonic = 0;
  await memoryStore(state, () => now).commit({ head: headOf(), etag: undefined, runs: [runOf({ stage: 'import' })] });
});

/** A worker whose store is changed by `change`. */
async function session(change: (store: Store) => Partial<Store> = () => ({})): Promise<KnownSession> {
  const store = memoryStore(state, () => now);
  const pipeline = {
    store: { ...store, ...change(store) },
    clock: { monotonic: () => monotonic, sleep: async () => {} },
    ids: { run: () => 'r2', nonce: () => `nonce${++nonces}` },
    journal: { transition: ({ to }) => void told.push(to) },
  } as Partial<Pipeline> as Pipeline;
  if (!image) throw new Error('the simulated catalog has an image');
  const opened = await open(pipeline, tracked, image);
  if (!isKnown(opened)) throw new Error('the head is there');
  return opened;
}

const entry = { run: 'r1', from: 'import', to: 'validate', why: 'imported', by: 'sluice' };
const draft = { runs: [runOf({ stage: 'validate' })], timeline: [entry] };
const rows = () => state.tags.get('node:20');

/** The commit takes effect, and then something happens in place of its answer. */
const overtaking = (happens: (store: Store) => Promise<Awaited<ReturnType<Store['commit']>>>) => (store: Store) => ({
  commit: async (change: Parameters<Store['commit']>[0]) => {
    await store.commit(change);
    return happens(store);
  },
});

/** Somebody else's commit, on what is there. */
async function someoneElse(head = {}) {
  await commit(await session(), { head });
}

describe('a commit', () => {
  it('goes on at the time that it is at the store by then, however long ago the read was', async () => {
    const opened = await session();
    monotonic += 40_000;
    const done = await commit(opened, draft);
    expect(done?.loaded.at).toBe(now + 40_000);
    monotonic += 5000;
    expect((await commit(done ?? opened, {}))?.loaded.at).toBe(now + 45_000);
  });

  it('raises the version of the head and of each run, and stamps all with one nonce', async () => {
    await commit(await session(), draft);
    expect(rows()?.head).toMatchObject({ version: 2, nonce: 'nonce1' });
    expect(rows()?.active.get('r1')).toMatchObject({ stage: 'validate', version: 2, nonce: 'nonce1' });
  });

  it('writes its transition with the run, by the clock of the store, and tells of it once', async () => {
    await commit(await session(), draft);
    expect(rows()?.timeline.get('r1')).toEqual([{ ...entry, at: now }]);
    expect(told).toEqual(['validate']);
  });

  it('answers with the session as it is after it, good for another commit', async () => {
    const done = await commit(await session(), draft);
    if (!done) return expect.unreachable('nobody else committed');
    expect(activeRun(done, 'r1')).toMatchObject({ stage: 'validate', version: 2 });
    expect(await commit(done, { head: { seq: 7 } })).toMatchObject({ loaded: { head: { seq: 7, version: 3 } } });
  });

  it('keeps a lease, a block and an ended run apart in what it answers', async () => {
    const ended = runOf({ ended: { at: now, outcome: 'rejected' } });
    const block = [{ ...holdOf(), digest: A }];
    const lease = { take: { run: 'r1', digest: A } };
    const leased = await commit(await session(), { lease });
    expect(leased?.loaded.lease).toEqual({ run: 'r1', digest: A, since: now });
    const done = leased && (await commit(leased, { lease: 'release', block, runs: [ended] }));
    expect(done?.loaded).toMatchObject({ active: [], blocked: block });
    expect(done?.loaded).not.toHaveProperty('lease');
    const again = await session();
    expect(again.loaded).toMatchObject({ active: [], blocked: block });
  });

  it('on a head that somebody has changed writes nothing and tells nothing', async () => {
    const first = await session();
    await someoneElse({ seq: 5 });
    expect(await commit(first, draft)).toBeUndefined();
    expect(rows()?.active.get('r1')?.stage).toBe('import');
    expect(rows()?.head?.seq).toBe(5);
    expect(told).toEqual([]);
  });

  it('whose answer was lost recognises itself by its nonce on the head', async () => {
    const done = await commit(await session(overtaking(() => Promise.reject(lost))), draft);
    expect(done?.loaded.head.version).toBe(2);
    expect(told).toEqual(['validate']);
  });

  it('of the head alone, whose answer was lost, recognises itself', async () => {
    const done = await commit(await session(overtaking(() => Promise.reject(lost))), { head: { hold: holdOf() } });
    expect(done?.loaded.head.hold).toEqual(holdOf());
  });

  it('whose answer was lost recognises itself on its run, where somebody has committed since', async () => {
    const overtaken = overtaking(async () => {
      await someoneElse({ seq: 5 });
      throw lost;
    });
    const done = await commit(await session(overtaken), draft);
    expect(done?.loaded.head).toMatchObject({ seq: 5, version: 3 });
    expect(told).toEqual(['validate']);
  });

  it('recognises itself on a run that has ended with it', async () => {
    const overtaken = overtaking(async () => {
      await someoneElse();
      throw lost;
    });
    const ended = runOf({ ended: { at: now, outcome: 'cancelled' } });
    expect(await commit(await session(overtaken), { runs: [ended] })).toBeDefined();
  });

  it('that was sent twice, and conflicts with itself, took effect', async () => {
    const done = await commit(await session(overtaking(async () => 'conflict')), draft);
    expect(done?.loaded.head.version).toBe(2);
  });

  it('that was lost before it took effect throws, and names the tag', async () => {
    const down = await session(() => ({ commit: () => Promise.reject(lost) }));
    await expect(commit(down, draft)).rejects.toThrow('Commit of node:20: read ECONNRESET');
    expect(told).toEqual([]);
  });

  it("does not take another worker's change of the same run for its own", async () => {
    const first = await session();
    await commit(await session(), { runs: [runOf({ stage: 'validate', why: "somebody else's" })] });
    expect(await commit(first, draft)).toBeUndefined();
  });
});
