import { beforeEach, describe, expect, test } from 'vitest';
import { uniqueTag } from '../../src/lib/pipeline/copy.ts';
import type { Head, Run } from '../../src/lib/pipeline/model.ts';
import { defaultPeriods, limits } from '../../src/lib/pipeline/periods.ts';
import { retain } from '../../src/lib/pipeline/retention.ts';
import { newRunId } from '../../src/lib/pipeline/run-id.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { catalog } from '../functions/catalog.ts';
import { memoryHistory, memoryRetention } from '../simulation/memory-history.ts';
import { memoryCursors, memoryIndex, memoryVerdicts } from '../simulation/memory-index.ts';
import { type MemoryState, memoryState, memoryStore } from '../simulation/memory-store.ts';
import { digestOf, ended, entry, head, run, tracked, verdict } from '../store/samples.ts';

const day = 24 * 60 * 60 * 1000;
const noon = Date.parse('2026-03-01T12:00:00Z');

let state: MemoryState;
let now: number;
let removed: string[];
beforeEach(() => {
  state = memoryState();
  now = noon;
  removed = [];
});

const clock = () => now;

function pipeline(remove: (reference: string) => void = () => undefined): Pipeline {
  return {
    catalog,
    periods: defaultPeriods,
    store: memoryStore(state, clock),
    index: memoryIndex(state, clock),
    cursors: memoryCursors(state),
    remover: {
      removeTag: async (repository: string, tag: string) => {
        remove(`${repository}:${tag}`);
        removed.push(`${repository}:${tag}`);
      },
    },
  } as unknown as Pipeline;
}

const tick = (given = pipeline(), atOnce?: number) =>
  retain(given, memoryHistory(state, clock), memoryRetention(state), atOnce);

/** Writes ended runs, each with its digest, as if each had been promoted at its end. */
async function record(runs: readonly Run[], changes: Partial<Head> = {}, more: readonly Run[] = []): Promise<void> {
  const store = memoryStore(state, clock);
  const first = runs[0] ?? more[0];
  if (!first) return;
  await store.commit({
    head: head({ tracked: first.tracked, ...changes }),
    etag: undefined,
    runs: [...runs, ...more],
    digests: runs.map(({ id, digest, ended: end }) => ({
      digest,
      lastRun: id,
      ...(end?.outcome === 'promoted' && { inTargetAt: end.at }),
    })),
    timeline: runs.map(({ id }) => entry({ run: id })),
  });
  for (const each of runs) await memoryIndex(state, clock).end(each);
}

const id = (at: number) => newRunId(at, 0.5);

function old(text: string, days: number, changes: Partial<Run> = {}): Run {
  const at = noon - days * day;
  return ended(id(at), 'promoted', at + 1000, { createdAt: at, digest: digestOf(text), ...changes });
}

const has = async (given: Run) => (await memoryStore(state, clock).run(given.tracked, given.id)) !== undefined;
const tagsOf = (given: Run) => [`staging/node:${uniqueTag(given)}`, `base-images/node:${uniqueTag(given)}`];

/** More than enough promotions since to be no rollback point any more. */
const since = Array.from({ length: limits.rollbackPoints + 1 }, (_, i) => old(`since-${i}`, 20 - i));
const current = since.at(-1)?.digest ?? digestOf('none');
const target = { target: { digest: current, at: noon } };

describe('retention', () => {
  test('removes a run that ended before the period, with its unique tags and what was known of its digest', async () => {
    const [first, young] = [old('first', 91), old('young', 89)];
    await record([first, young, ...since], target);
    await memoryVerdicts(state, () => noon - 91 * day).put(verdict({ digest: first.digest }), undefined);
    expect(await tick()).toMatchObject({ removed: 1, failures: [] });
    expect(removed.sort()).toEqual(tagsOf(first).sort());
    expect(await has(first)).toBe(false);
    expect(await memoryStore(state, clock).digest(tracked(), first.digest)).toBeUndefined();
    expect(await memoryHistory(state, clock).verdicts(first.digest)).toEqual([]);
    expect(await has(young)).toBe(true);
  });

  test('never removes the promoted digest, however old', async () => {
    const promoted = old('promoted', 1000);
    await record([promoted], { target: { digest: promoted.digest, at: noon - 1000 * day } });
    expect(await tick()).toMatchObject({ removed: 0 });
    expect(await has(promoted)).toBe(true);
    expect(removed).toEqual([]);
  });

  test('keeps the newest rollback points of the tag, and removes those before them', async () => {
    const runs = Array.from({ length: limits.rollbackPoints + 3 }, (_, i) => old(`p${i}`, 300 - i));
    const last = runs.at(-1);
    await record(runs, last && { target: { digest: last.digest, at: noon - 292 * day } });
    await tick();
    const left: boolean[] = [];
    for (const each of runs) left.push(await has(each));
    expect(left).toEqual([false, false, ...Array(limits.rollbackPoints + 1).fill(true)]);
  });

  test('counts no blocked digest as a rollback point', async () => {
    const [bad, ...good] = [old('bad', 200), ...Array.from({ length: 3 }, (_, i) => old(`g${i}`, 300 - i))];
    await record([...good, bad], target);
    const store = memoryStore(state, clock);
    const loaded = await store.load(tracked());
    if (!loaded.head) throw new Error('There is no head.');
    const block = [{ digest: bad.digest, by: 'key', at: noon, reason: 'bad' }];
    await store.commit({ head: { ...loaded.head, version: 2 }, etag: loaded.etag, block });
    expect(await tick()).toMatchObject({ removed: 1 });
    expect(await has(bad)).toBe(false);
  });

  test('keeps the digest that an active run works on, or leaves', async () => {
    const [worked, left] = [old('worked', 200), old('left', 201)];
    const active = run(id(noon), { kind: 'rollback', digest: worked.digest, from: left.digest });
    await record([left, worked, ...since], target, [active]);
    expect(await tick()).toMatchObject({ removed: 0 });
  });

  test('keeps the row of what staging holds: without it, it would be taken for somebody’s push', async () => {
    const staged = old('staged', 200, { ended: { at: noon - 199 * day, outcome: 'rejected' } });
    await record([staged, ...since], { ...target, staging: { digest: staged.digest, at: noon - 200 * day } });
    expect(await tick()).toMatchObject({ removed: 1 });
    expect(await memoryStore(state, clock).digest(tracked(), staged.digest)).toBeDefined();
  });

  test('keeps what is known of a digest that a later run knows too', async () => {
    const [first, again] = [old('same', 200, { kind: 'forced' }), old('same', 50)];
    await record([first, again, ...since], target);
    expect(await tick()).toMatchObject({ removed: 1 });
    expect(await memoryStore(state, clock).digest(tracked(), first.digest)).toMatchObject({ lastRun: again.id });
  });

  test('goes on where the last tick came to, past what must stay, and begins anew after the end', async () => {
    const kept = Array.from({ length: 3 }, (_, i) => old('kept', 300 - i));
    const gone = Array.from({ length: 3 }, (_, i) =>
      old(`gone-${i}`, 200 - i, { ended: { at: noon - 150 * day, outcome: 'superseded' } }),
    );
    await record([...kept, ...gone], { target: { digest: digestOf('kept'), at: noon } });
    for (let i = 0; i < 8; i++) expect((await tick(pipeline(), 2)).examined).toBeLessThanOrEqual(2);
    for (const each of gone) expect(await has(each)).toBe(false);
    for (const each of kept) expect(await has(each)).toBe(true);
    const [late] = [old('late', 91, { ended: { at: noon - 91 * day, outcome: 'superseded' } })];
    await memoryIndex(state, clock).end(late);
    for (let i = 0; i < 4; i++) await tick(pipeline(), 2);
    expect(removed).toContain(`staging/node:${uniqueTag(late)}`);
  });

  test('leaves a run whole when its tag cannot be removed, says so, and removes the others', async () => {
    const [stuck, other] = [old('stuck', 200), old('other', 199)];
    await record([stuck, other, ...since], target);
    const failing = pipeline((reference) => {
      if (reference.endsWith(stuck.id)) throw new Error('locked');
    });
    const { failures, removed: count } = await tick(failing);
    expect(failures).toMatchObject([{ run: stuck.id, error: { message: 'locked' } }]);
    expect(count).toBe(1);
    expect([await has(stuck), await has(other)]).toEqual([true, false]);
    expect(await tick()).toMatchObject({ removed: 1, failures: [] });
  });

  test('touches no registry for an image that has left the catalog', async () => {
    const end = { at: noon - 199 * day, outcome: 'untracked' } as const;
    const orphan = old('orphan', 200, { tracked: tracked('ruby', '3'), ended: end });
    await record([orphan]);
    expect(await tick()).toMatchObject({ removed: 1 });
    expect(removed).toEqual([]);
  });
});

test('ids of runs are in the order of time, and valid in a tag', () => {
  const ids = [0, 1, 36 ** 7, noon, noon + 1, noon + day].map((at) => newRunId(at, 0.999_999));
  expect([...ids].sort()).toEqual(ids);
  for (const each of ids) expect(each).toMatch(/^[a-z0-9]{12}$/);
});
