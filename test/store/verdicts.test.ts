import { describe, expect, test } from 'vitest';
import { digestOf, verdict } from './samples.ts';
import { worlds } from './worlds.ts';

describe.each(worlds)('verdicts $name', ({ start }) => {
  const fresh = start();
  const { digest, validation } = verdict();

  test('are absent until somebody asks, with the store’s time all the same', async () => {
    const { verdicts } = await fresh();
    const answer = await verdicts.get(digest, validation);
    expect(answer.value).toBeUndefined();
    expect(Math.abs(answer.at - Date.now())).toBeLessThan(60_000);
  });

  test('are inserted by one of many that race', async () => {
    const { verdicts } = await fresh();
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, i) => verdicts.put(verdict({ token: `t${i}` }), undefined)),
    );
    const winners = answers.flatMap((etag, i) => (etag === undefined ? [] : [i]));
    expect(winners).toHaveLength(1);
    const read = await verdicts.get(digest, validation);
    expect(read.value?.token).toBe(`t${winners[0]}`);
  });

  test('are changed only by who has read the last change', async () => {
    const { verdicts } = await fresh();
    const first = await verdicts.put(verdict(), undefined);
    const running = verdict({ state: 'running', taskRun: 'cf2', logEnd: 'step "validate"\n\tok ✓' });
    const second = await verdicts.put(running, first);
    expect(second).toBeDefined();
    expect(await verdicts.put(verdict({ state: 'passed' }), first)).toBeUndefined();
    const read = await verdicts.get(digest, validation);
    expect(read).toMatchObject({ value: running, etag: second });
    expect(await verdicts.put(verdict({ state: 'passed' }), second)).toBeDefined();
  });

  test('say by the store’s clock when they changed', async () => {
    const { verdicts } = await fresh();
    const { at } = await verdicts.get(digest, validation);
    await verdicts.put(verdict(), undefined);
    const read = await verdicts.get(digest, validation);
    expect(read.value?.changedAt).toBeGreaterThanOrEqual(at);
    expect(read.value?.changedAt).toBeLessThan(read.at + 1000);
  });

  test('cannot be changed where there is none', async () => {
    const { verdicts } = await fresh();
    const etag = await verdicts.put(verdict(), undefined);
    expect(await verdicts.put(verdict({ validation: 'other' }), etag)).toBeUndefined();
    expect((await verdicts.get(digest, 'other')).value).toBeUndefined();
  });

  test('of one digest are listed together, and no other’s', async () => {
    const { verdicts, history } = await fresh();
    await verdicts.put(verdict({ validation: 'b' }), undefined);
    await verdicts.put(verdict({ validation: 'a' }), undefined);
    await verdicts.put(verdict({ digest: digestOf('other') }), undefined);
    expect((await history.verdicts(digest)).map((each) => each.validation)).toEqual(['a', 'b']);
  });
});
