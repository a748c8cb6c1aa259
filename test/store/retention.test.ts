import { describe, expect, test } from 'vitest';
import { summaryOf } from '../../src/lib/pipeline/history.ts';
import { build, digestOf, ended, entry, head, noon, run, tracked, verdict } from './samples.ts';
import type { World } from './worlds.ts';
import { worlds } from './worlds.ts';

const day = 24 * 60 * 60 * 1000;

async function end({ index }: World, id: string, createdAt: number, at: number): Promise<void> {
  await index.end(ended(id, 'promoted', at, { createdAt }));
}

describe.each(worlds)('retention $name', ({ start }) => {
  const fresh = start();

  test('finds the runs that ended before a day, oldest first, a page at a time', async () => {
    const world = await fresh();
    for (let i = 0; i < 9; i++) await end(world, `r${i}`, noon + i * day, noon + i * day + 1);
    await end(world, 'r2-waited', noon + 2 * day, noon + 8 * day);
    const before = noon + 6 * day;
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await world.retention.endedBefore(before, 2, after);
      expect(page.runs.length).toBeLessThanOrEqual(2);
      ids.push(...page.runs.map(({ id }) => id));
      after = page.continue;
    } while (after !== undefined);
    expect(ids).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
  });

  test('removes a run from everywhere, and no other, once or twice', async () => {
    const world = await fresh();
    const { store, history, retention, index } = world;
    const [old, kept] = [ended('r1', 'promoted', noon), ended('r10', 'promoted', noon + 1)];
    await store.commit({
      head: head(),
      etag: undefined,
      runs: [old, kept, run('r2')],
      builds: [build(), build({ run: 'r10' })],
      timeline: [entry(), entry({ run: 'r10' })],
    });
    await index.end(old);
    await index.end(kept);
    for (let i = 0; i < 2; i++) {
      await retention.removeRun(summaryOf(old));
      expect(await store.run(tracked(), 'r1')).toBeUndefined();
      expect(await store.builds(tracked(), 'r1')).toEqual([]);
      expect(await history.timeline(tracked(), 'r1')).toEqual([]);
      expect(await history.find('r1')).toBeUndefined();
    }
    expect(await store.run(tracked(), 'r10')).toEqual(kept);
    expect(await store.builds(tracked(), 'r10')).toHaveLength(1);
    expect(await history.timeline(tracked(), 'r10')).toHaveLength(1);
    for (const query of [{}, { image: 'node' }, { image: 'node', tag: tracked().tag }]) {
      const lists = [
        history.runs({ ...query, top: 9, state: 'ended' }),
        history.runs({ ...query, top: 9, outcome: 'promoted' }),
      ];
      for (const { runs } of await Promise.all(lists)) expect(runs.map(({ id }) => id)).toEqual(['r10']);
    }
    expect((await store.load(tracked())).active).toHaveLength(1);
  });

  test('removes a long timeline and many builds', async () => {
    const { store, history, retention } = await fresh();
    let etag: string | undefined;
    for (let version = 1; version <= 4; version++) {
      const timeline = Array.from({ length: 40 }, () => entry());
      const builds = Array.from({ length: 30 }, (_, i) => build({ task: `t${version}-${i}` }));
      const answer = await store.commit({ head: head({ version }), etag, timeline, builds });
      if (answer === 'conflict') throw new Error('unexpected');
      etag = answer.etag;
    }
    expect(await history.timeline(tracked(), 'r1')).toHaveLength(160);
    await retention.removeRun(summaryOf(ended('r1', 'promoted', noon)));
    expect(await history.timeline(tracked(), 'r1')).toEqual([]);
    expect(await store.builds(tracked(), 'r1')).toEqual([]);
    expect((await store.load(tracked())).etag).toBe(etag);
  });

  test('removes digest rows without touching the head', async () => {
    const { store, retention } = await fresh();
    const digest = digestOf('old');
    await store.commit({ head: head(), etag: undefined, digests: [{ digest }, { digest: digestOf('kept') }] });
    const { etag } = await store.load(tracked());
    await retention.removeDigest(tracked(), digest);
    await retention.removeDigest(tracked(), digest);
    expect(await store.digest(tracked(), digest)).toBeUndefined();
    expect(await store.digest(tracked(), digestOf('kept'))).toBeDefined();
    expect((await store.load(tracked())).etag).toBe(etag);
  });

  test('removes what concerned the tag itself from before a day', async () => {
    const { store, history, retention } = await fresh();
    const { run: _, ...old } = entry({ why: 'old' });
    const young = { ...old, at: noon + day, why: 'young' };
    await store.commit({ head: head(), etag: undefined, timeline: [old, young, entry()] });
    await retention.removeTimeline(tracked(), noon + day);
    expect((await history.timeline(tracked())).map(({ why }) => why)).toEqual(['young']);
    expect(await history.timeline(tracked(), 'r1')).toHaveLength(1);
  });

  test('finds verdicts that have not changed since, and removes them unless they change', async () => {
    const { verdicts, history, retention } = await fresh();
    const first = verdict();
    const etag = await verdicts.put(first, undefined);
    await verdicts.put(verdict({ validation: 'other' }), undefined);
    const unchangedSince = async (at: number) => {
      const found = [];
      for await (const page of retention.verdictsBefore(at)) found.push(...page);
      return found;
    };
    expect(await unchangedSince(Date.now() - day)).toEqual([]);
    const found = await unchangedSince(Date.now() + day);
    expect(found.map(({ validation }) => validation).sort()).toEqual([first.validation, 'other'].sort());
    // The clocks of both stores tell milliseconds apart only when one has passed.
    const changed = found.find(({ validation }) => validation === first.validation)?.changedAt ?? 0;
    await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(changed + 1);
    await verdicts.put(verdict({ state: 'running' }), etag);
    for (const each of [...found, ...found]) await retention.removeVerdict(each);
    expect((await history.verdicts(first.digest)).map(({ state }) => state)).toEqual(['running']);
  });
});
