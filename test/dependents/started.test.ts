import { describe, expect, it } from 'vitest';
import { type Asked, choose, type ObservedRun } from '../../src/lib/dependents/choose.ts';
import { A, B, chosen, minute, moved, periods, run } from './facts.ts';

describe('a dependent that we started', () => {
  const asked = { token: 't1', at: moved + 2 * minute };
  const after = { now: moved + 3 * minute };

  it.each<[title: string, given: Partial<ObservedRun>, asked: Asked]>([
    ['by its handle', {}, { ...asked, taskRun: 'd1' }],
    ['by its token', { token: 't1' }, asked],
  ])('is awaited, its run known %s', (_title, given, known) => {
    const choice = chosen({ runs: [run(given)], kick: { asked: known }, ...after });
    expect(choice).toEqual({ do: 'await', taskRun: 'd1', why: 'we started task run d1' });
  });

  it('is known by its time where the service tells no token, and is not started again', () => {
    const failed = run({ state: 'failed', createdAt: moved + 2 * minute });
    expect(chosen({ runs: [failed], kick: { asked }, ...after })).toMatchObject({ state: 'failed', taskRun: 'd1' });
  });

  it('is not mistaken for a run that ACR started for another digest', () => {
    const triggered = run({ state: 'failed', createdAt: moved + 2 * minute, triggeredBy: [B] });
    expect(chosen({ runs: [triggered], kick: { asked }, ...after })).toEqual({
      do: 'await',
      why: 'a start is under way',
    });
  });

  it('is awaited while its run is not listed yet', () => {
    expect(chosen({ kick: { asked: { ...asked, taskRun: 'd1' } }, now: moved + 60 * minute })).toMatchObject({
      do: 'await',
      taskRun: 'd1',
    });
  });

  it('is started again only when its start must be taken for lost', () => {
    const lost = asked.at + periods.kickLost;
    expect(chosen({ kick: { asked }, now: lost - 1 })).toEqual({ do: 'await', why: 'a start is under way' });
    expect(chosen({ kick: { asked }, now: lost })).toEqual({ do: 'kick', why: 'its start was lost' });
  });

  it('is failed where our run failed, and is not started again', () => {
    const failed = run({ state: 'failed', error: 'exit status 1' });
    expect(chosen({ runs: [failed], kick: { asked: { ...asked, taskRun: 'd1' } }, ...after })).toMatchObject({
      do: 'settle',
      state: 'failed',
      why: 'task run d1 failed: exit status 1',
    });
  });

  it('is rebuilt where our run failed and another one succeeded on the digest', () => {
    const runs = [run({ state: 'failed' }), run({ id: 'd2', state: 'succeeded' })];
    expect(
      chosen({ task: { builtOn: A }, runs, kick: { asked: { ...asked, taskRun: 'd1' } }, ...after }),
    ).toMatchObject({
      state: 'rebuilt',
      taskRun: 'd2',
    });
  });

  it('is unconfirmed where nobody knows what it was built on', () => {
    const choice = choose({
      base: { digest: A, at: moved },
      task: { enabled: true, triggerEnabled: false, armed: false },
      runs: [run({ state: 'succeeded' })],
      kick: { allowed: true, asked: { ...asked, taskRun: 'd1' } },
      now: moved + 5 * minute,
      periods,
    });
    expect(choice).toMatchObject({ state: 'unconfirmed', why: expect.stringContaining('is not known') });
  });
});
