import { describe, expect, it } from 'vitest';
import { choose, type ObservedRun } from '../../src/lib/dependents/choose.ts';
import { A, B, chosen, minute, moved, periods, run } from './facts.ts';

describe('a dependent that ACR starts by itself', () => {
  it('is awaited through the grace period', () => {
    expect(chosen({ now: moved + 2 * minute - 1 })).toEqual({ do: 'await', why: 'ACR is expected to start it' });
  });

  it('is started by us once the grace period is over', () => {
    expect(chosen({ now: moved + 2 * minute })).toEqual({ do: 'kick', why: 'ACR has not started it in time' });
  });

  it('is adopted while its run for the digest is under way', () => {
    expect(chosen({ runs: [run({ triggeredBy: [A] })] })).toEqual({
      do: 'await',
      taskRun: 'd1',
      why: 'ACR started task run d1 for it',
    });
  });

  it('is judged by that run when it has failed, and not started a second time', () => {
    const failed = run({ state: 'failed', triggeredBy: [A], error: 'exit status 1' });
    expect(chosen({ runs: [failed] })).toEqual({
      do: 'settle',
      state: 'failed',
      taskRun: 'd1',
      why: 'task run d1 failed: exit status 1',
    });
  });

  it('is unconfirmed where that run succeeded on another digest', () => {
    const choice = chosen({ runs: [run({ state: 'succeeded', triggeredBy: [A] })] });
    expect(choice).toEqual({
      do: 'settle',
      state: 'unconfirmed',
      taskRun: 'd1',
      why: 'task run d1 succeeded, but not on sha256:a: it was built on sha256:b',
    });
  });

  it('is awaited a little longer where that run has only just ended: its registry may not tell yet what it was built on', () => {
    const finishedAt = moved + minute;
    const ended = run({ state: 'succeeded', triggeredBy: [A], finishedAt });
    expect(chosen({ runs: [ended], now: finishedAt + periods.listingLag - 1 })).toMatchObject({
      do: 'await',
      taskRun: 'd1',
    });
    expect(chosen({ runs: [ended], now: finishedAt + periods.listingLag })).toMatchObject({
      do: 'settle',
      state: 'unconfirmed',
    });
  });
});

describe('a dependent that nothing else starts', () => {
  it.each([
    ['its trigger is off', { triggerEnabled: false }],
    ['it never ran, so that ACR does not know what it is built on', { armed: false }],
  ])('is started without a grace period: %s', (_title, task) => {
    expect(chosen({ task, now: moved })).toEqual({ do: 'kick', why: 'nothing else starts it' });
  });

  it('is skipped where the task is disabled', () => {
    expect(chosen({ task: { enabled: false } })).toMatchObject({ do: 'settle', state: 'skipped' });
  });

  it('is unconfirmed where the task is gone', () => {
    const choice = choose({ base: { digest: A, at: moved }, runs: [], kick: { allowed: true }, now: moved, periods });
    expect(choice).toEqual({ do: 'settle', state: 'unconfirmed', why: 'the task is gone' });
  });
});

describe('a run that somebody started', () => {
  it.each([
    ['after the move', moved + minute],
    ['before the move by less than clocks may differ: it only postpones a kick', moved - 2 * minute],
  ])('is awaited while it is under way: created %s', (_title, createdAt) => {
    expect(chosen({ runs: [run({ createdAt })] })).toMatchObject({ do: 'await', taskRun: 'd1' });
  });

  it('proves that the dependent is rebuilt, whoever started it, when it was built on the digest', () => {
    const choice = chosen({ task: { builtOn: A }, runs: [run({ state: 'succeeded' })] });
    expect(choice).toMatchObject({ state: 'rebuilt', taskRun: 'd1', why: 'task run d1 is built on it' });
  });

  it.each<[title: string, given: ObservedRun]>([
    ['was built on another digest', run({ state: 'succeeded' })],
    ['failed', run({ state: 'failed' })],
    ['is from before the move', run({ state: 'succeeded', createdAt: moved - 5 * minute })],
  ])('does not keep the dependent from being started where it %s', (_title, given) => {
    expect(chosen({ runs: [given] })).toMatchObject({ do: 'kick' });
  });

  it('for a pull request never counts: not awaited, not adopted, no proof', () => {
    const pending = run({ pullRequest: true, triggeredBy: [A] });
    const succeeded = run({ id: 'd2', state: 'succeeded', pullRequest: true });
    expect(chosen({ runs: [pending] })).toMatchObject({ do: 'kick' });
    expect(chosen({ task: { builtOn: A }, runs: [succeeded] })).toMatchObject({ do: 'kick' });
  });

  it('is judged by the newest success: a later build on something else takes the proof away', () => {
    const runs = [
      run({ id: 'd1', state: 'succeeded', createdAt: moved + minute }),
      run({ id: 'd2', state: 'succeeded', createdAt: moved + 2 * minute }),
    ];
    expect(chosen({ task: { builtOn: A }, runs })).toMatchObject({ state: 'rebuilt', taskRun: 'd2' });
    expect(chosen({ task: { builtOn: B }, runs })).toMatchObject({ do: 'kick' });
  });
});

describe('a run that is under way when another one has already been built on the digest', () => {
  const proof = run({ id: 'd2', state: 'succeeded', createdAt: moved + 2 * minute });

  it('is awaited where it began earlier: ending later, it would put an older image in the place of the new one', () => {
    const choice = chosen({ task: { builtOn: A }, runs: [run({ createdAt: moved + minute }), proof] });
    expect(choice).toMatchObject({ do: 'await', taskRun: 'd1' });
  });

  it('is not awaited where it began later: it can only be built on what is there now', () => {
    const choice = chosen({ task: { builtOn: A }, runs: [run({ createdAt: moved + 3 * minute }), proof] });
    expect(choice).toMatchObject({ state: 'rebuilt', taskRun: 'd2' });
  });
});

describe('a target that goes from A to B and back to A', () => {
  const before = moved - 30 * minute;

  it('is not rebuilt by a build from before B, though its digest is right', () => {
    const old = run({ state: 'succeeded', createdAt: before - minute });
    expect(chosen({ task: { builtOn: A }, runs: [old], movedBefore: before })).toMatchObject({ do: 'kick' });
  });

  it('is rebuilt by a build from after B that found A', () => {
    const early = run({ state: 'succeeded', createdAt: moved - minute });
    expect(chosen({ task: { builtOn: A }, runs: [early], movedBefore: before })).toMatchObject({ state: 'rebuilt' });
  });

  it('is rebuilt by the build it had, where B never stood there', () => {
    const old = run({ state: 'succeeded', createdAt: before });
    expect(chosen({ task: { builtOn: A }, runs: [old] })).toMatchObject({ state: 'rebuilt' });
  });
});

describe('a registry with kick: false', () => {
  const kick = { allowed: false };

  it('is read: what ACR starts there is awaited and judged', () => {
    expect(chosen({ kick, runs: [run({ triggeredBy: [A] })] })).toMatchObject({ do: 'await', taskRun: 'd1' });
    expect(chosen({ kick, task: { builtOn: A }, runs: [run({ state: 'succeeded' })] })).toMatchObject({
      state: 'rebuilt',
    });
    expect(chosen({ kick, now: moved })).toMatchObject({ do: 'await' });
  });

  it.each([
    ['once the grace period is over', {}, 'ACR has not started it in time'],
    ['at once where the trigger is off', { triggerEnabled: false }, 'nothing else starts it'],
  ])('leaves a dependent that nobody started unconfirmed: %s', (_title, task, late) => {
    expect(chosen({ kick, task })).toEqual({
      do: 'settle',
      state: 'unconfirmed',
      why: `${late}, and this registry is read only (kick: false)`,
    });
  });
});
