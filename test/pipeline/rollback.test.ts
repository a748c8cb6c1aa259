import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/lib/image/digest.ts';
import { hold, resume } from '../../src/lib/pipeline/commands/hold.ts';
import { rollBackOne } from '../../src/lib/pipeline/commands/roll-back-one.ts';
import { rollback, unblock } from '../../src/lib/pipeline/commands/rollback.ts';
import { hour } from '../simulation/clockwork.ts';
import { caller, good } from './kind-world.ts';
import { promoted, type Say, say } from './situations.ts';

const [A, B, C] = good;

describe('rollback and unblock', () => {
  const back =
    (digest = A): Say =>
    (pipeline, tracked) =>
      rollback(pipeline, tracked, digest, caller);

  it('blocks what it leaves, and holds, before anything moves', async () => {
    const world = await promoted(A, B);
    world.delivers = false;
    await say(world, back());
    expect(world.target).toBe(B);
    expect(world.blocked).toEqual([B]);
    expect(world.head.hold?.reason).toBe('rollback from 00000000000d to 00000000000b: because');
  });

  it('twice is one run', async () => {
    const world = await promoted(A, B);
    world.delivers = false;
    const first = await say(world, back());
    expect(await say(world, back())).toMatchObject({ kind: 'nothing', run: first.kind === 'done' ? first.run : '' });
    expect(world.active).toHaveLength(1);
  });

  it.each<[title: string, digest: Digest, answer: object]>([
    ['that the target has already', B, { kind: 'nothing', why: 'the target has 00000000000d already' }],
    ['that never stood in the target', C, { kind: 'refused', why: '00000000000e never stood in the target of node:1' }],
  ])('to a digest %s moves nothing', async (_title, digest, answer) => {
    const world = await promoted(A, B);
    expect(await say(world, back(digest))).toEqual(answer);
    expect(world.blocked).toEqual([]);
    expect(world.head.hold).toBeUndefined();
  });

  it('to a blocked digest is refused until it is unblocked', async () => {
    const world = await promoted(A, B);
    await say(world, back());
    await world.pass(hour);
    expect(await say(world, back(B))).toMatchObject({ kind: 'refused', why: expect.stringContaining('unblock') });
    expect(await say(world, (p, tracked) => unblock(p, tracked, B, caller))).toMatchObject({ kind: 'done' });
    expect(await say(world, (p, tracked) => unblock(p, tracked, B, caller))).toMatchObject({ kind: 'nothing' });
    await say(world, back(B));
    await world.pass(hour);
    expect(world.target).toBe(B);
  });

  it('is refused where the target is empty', async () => {
    const world = await promoted();
    world.upstream(A);
    await world.look('upstream');
    expect(await say(world, back())).toEqual({ kind: 'refused', why: 'node:1 has no target to leave' });
  });

  it('keeps a hold that stands, and names who held before', async () => {
    const world = await promoted(A, B);
    await say(world, (p, tracked) => hold(p, tracked, { by: 'bob', reason: 'freeze' }));
    await say(world, back());
    expect(world.head.hold?.reason).toMatch(/^rollback from .+ because; before that bob held: freeze$/);
  });

  it('without a digest goes past what somebody pushed by hand, to the newest that Sluice promoted', async () => {
    const world = await promoted(A);
    world.push('base-images/node', C);
    await world.look('target');
    await say(world, (p, tracked) => resume(p, tracked, caller));
    await world.bring(B);
    const digests = world.world.state.tags.get('node:1')?.digests;
    const history = { digests: async () => [...(digests?.values() ?? [])] };
    const answer = await say(world, (p, tracked) => rollBackOne(p, history, tracked, caller));
    expect(answer.why).toBe('rollback from 00000000000d to 00000000000b: because');
    await world.pass(hour);
    expect(world.target).toBe(A);
  });

  it('is void where somebody patched the target meanwhile', async () => {
    const world = await promoted(A, B);
    world.delivers = false;
    await say(world, back());
    world.push('base-images/node', C);
    await world.look('target');
    world.delivers = true;
    await world.passWithTimers(hour);
    expect(world.target).toBe(C);
    expect(world.runOf(A)).toMatchObject({ kind: 'rollback', ended: { outcome: 'void' } });
  });
});
