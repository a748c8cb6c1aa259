import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../src/lib/image/names.ts';
import { act, ended, noon, tracked } from './samples.ts';
import { worlds } from './worlds.ts';

describe.each(worlds)('the index of runs $name', ({ start }) => {
  const fresh = start();

  test('lists a run as active from its row on, with the row’s own time', async () => {
    const { index } = await fresh();
    expect((await index.active()).rows).toEqual([]);
    const before = (await index.active()).at;
    await index.add({ run: 'r2', tracked: tracked(), first: false });
    await index.add({ run: 'r1', tracked: tracked('node', 'LTS_.-x'), first: true });
    const { rows, at } = await index.active();
    expect(rows).toMatchObject([
      { run: 'r1', tracked: tracked('node', 'LTS_.-x'), first: true },
      { run: 'r2', tracked: tracked(), first: false },
    ]);
    for (const { since } of rows) {
      expect(since).toBeGreaterThanOrEqual(before);
      expect(since).toBeLessThan(at + 1000);
    }
  });

  test('moves a run to the ended ones, and moving it again changes nothing', async () => {
    const { index, history } = await fresh();
    await index.add({ run: 'r1', tracked: tracked(), first: false });
    for (let i = 0; i < 3; i++) {
      await index.end(ended('r1', 'promoted', noon));
      expect((await index.active()).rows).toEqual([]);
      const { runs } = await history.runs({ top: 10 });
      expect(runs.map(({ id }) => id)).toEqual(['r1']);
    }
  });

  test('lists a run as ended whose active row was never there', async () => {
    const { index, history } = await fresh();
    await index.end(ended('r1', 'void', noon));
    expect((await history.runs({ top: 10, state: 'ended' })).runs).toHaveLength(1);
  });

  test('forgets a run that was never created, once or twice', async () => {
    const { index, history } = await fresh();
    await index.add({ run: 'r1', tracked: tracked(), first: false });
    await index.drop('r1');
    await index.drop('r1');
    expect((await index.active()).rows).toEqual([]);
    expect(await history.find('r1')).toBeUndefined();
  });

  test('takes a row that is added again', async () => {
    const { index } = await fresh();
    await index.add({ run: 'r1', tracked: tracked(), first: false });
    await index.add({ run: 'r1', tracked: tracked(), first: false });
    expect((await index.active()).rows).toHaveLength(1);
  });
});

describe.each(worlds)('cursors and holds of images $name', ({ start }) => {
  const fresh = start();

  test('remember how far each repository was looked at', async () => {
    const { cursors } = await fresh();
    const [staging, target] = [parseRepository('staging/node'), parseRepository('base-images/node')];
    expect(await cursors.get(staging)).toBeUndefined();
    await cursors.set(staging, noon);
    await cursors.set(staging, noon + 1);
    await cursors.set(target, noon + 2);
    expect([await cursors.get(staging), await cursors.get(target)]).toEqual([noon + 1, noon + 2]);
  });

  test('remember a hold until it is lifted', async () => {
    const { holds } = await fresh();
    expect(await holds.get('node')).toBeUndefined();
    await holds.set('node', { ...act, until: noon });
    await holds.set('node', act);
    expect(await holds.get('node')).toEqual(act);
    expect(await holds.get('nod')).toBeUndefined();
    await holds.set('node', undefined);
    await holds.set('node', undefined);
    expect(await holds.get('node')).toBeUndefined();
  });
});
