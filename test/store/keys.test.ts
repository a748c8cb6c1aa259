import { describe, expect, test } from 'vitest';
import { after, decodePart, encodePart, inverted, keyOf } from '../../src/lib/azure/tables/key.ts';
import type { TrackedTag } from '../../src/lib/pipeline/model.ts';
import { begin, build, ended, head, noon, run, tracked } from './samples.ts';
import { worlds } from './worlds.ts';

const hostile = [
  'a/b',
  'a\\b',
  'a#b',
  'a?b',
  'a%2Fb',
  'a=2Fb',
  "a' or '1'='1",
  'a b',
  'a:b',
  'a|b',
  'a-b',
  'a--b',
  'a+b&c=d',
  '{a}',
  '$batch',
  'ä',
  '日本',
  '😀',
  '\u0000\u0007\n\u0085',
  ' ',
  '',
];

test('a part of a key is what it was when it is read back, and holds nothing that the service refuses', () => {
  for (const text of [...hostile, ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))]) {
    const part = encodePart(text);
    expect(decodePart(part)).toBe(text);
    expect(part).toMatch(/^[A-Za-z0-9._=-]*$/);
  }
});

test('names that differ have keys that differ, whatever stands where in them', () => {
  const keys = hostile.flatMap((a) => hostile.map((b) => keyOf(a, b)));
  expect(new Set(keys).size).toBe(hostile.length ** 2);
});

test('what people know is left as it is', () => {
  expect(keyOf('node', '9-alpine_X.1')).toBe('node:9-alpine_X.1');
});

test('the key after a prefix comes after all that begin with it, and before all others that follow', () => {
  expect('5-build-r1:zzz' < after('5-build-r1:')).toBe(true);
  expect(after('5-build-r1:') <= '5-build-r1;').toBe(true);
});

test('run ids that sort by time sort the other way round when inverted', () => {
  const ids = ['', '0', '0-a', '00', '0a', '0aA', '0aa', '9', 'A', '_', 'a', 'a.b', 'ab', 'z', 'zz'].sort();
  const keys = ids.map((id) => inverted(id) ?? '');
  expect([...keys].sort().reverse()).toEqual(keys);
  expect(inverted('a/b')).toBeUndefined();
});

describe.each(worlds)('names with every allowed character, and others, $name', ({ start }) => {
  const fresh = start();

  test('keep images apart', async () => {
    const { store, index, history } = await fresh();
    const places = hostile.map((image): TrackedTag => ({ ...tracked(), image }));
    for (const [i, place] of places.entries()) {
      const one = run(`r${i}`, { tracked: place });
      await store.commit({ head: head({ tracked: place, nonce: place.image }), etag: undefined, runs: [one] });
      await index.end(ended(`r${i}`, 'promoted', noon, { tracked: place }));
    }
    for (const [i, place] of places.entries()) {
      const loaded = await store.load(place);
      expect(loaded.head?.nonce).toBe(place.image);
      expect(loaded.active).toEqual([run(`r${i}`, { tracked: place })]);
      expect(await history.find(`r${i}`)).toEqual(place);
      const { runs } = await history.runs({ top: 50, image: place.image, state: 'ended' });
      expect(runs.map(({ id }) => id)).toEqual([`r${i}`]);
    }
    expect((await history.heads(hostile)).tags).toHaveLength(hostile.length);
  });

  test('keep tags apart', async () => {
    const { store } = await fresh();
    const texts = ['LTS', 'lts', '_', '__', '9.', '9.-', '9-', `${'x'.repeat(127)}A`, `${'x'.repeat(127)}a`];
    for (const text of texts) await begin(store, head({ tracked: tracked('node', text), nonce: text }));
    for (const text of texts) expect((await store.load(tracked('node', text))).head?.nonce).toBe(text);
  });

  test('keep tasks and registries apart', async () => {
    const { store } = await fresh();
    const builds = [
      ...hostile.map((task) => build({ task })),
      build({ registry: 'dev-a', task: 'b' }),
      build({ registry: 'dev', task: 'a-b' }),
      build({ run: 'r1-dev', registry: 'a', task: 'b' }),
    ];
    await store.commit({ head: head(), etag: undefined, builds });
    const read = await store.builds(tracked(), 'r1');
    const known = ({ registry, task }: { registry: string; task: string }) => JSON.stringify([registry, task]);
    expect(read.map(known).sort()).toEqual(builds.slice(0, -1).map(known).sort());
  });
});
