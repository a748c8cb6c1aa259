import { describe, expect, it } from 'vitest';
import { approve, expedite, reject } from '../../src/lib/pipeline/commands/approval.ts';
import { hold } from '../../src/lib/pipeline/commands/hold.ts';
import { rollback } from '../../src/lib/pipeline/commands/rollback.ts';
import { reimport } from '../../src/lib/pipeline/commands/run.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { caller, good } from './kind-world.ts';
import { awaitingApproval, leased, promoted, type Say, say, soaking } from './situations.ts';

const [A, B] = good;

describe('approve', () => {
  const approving = (id: string, digest = A) => {
    const command: Say = (pipeline, tracked) => approve(pipeline, tracked, id, digest, caller);
    return command;
  };

  it('promotes the digest that it names', async () => {
    const world = await awaitingApproval();
    const { id } = world.runOf(A);
    expect(await say(world, approving(id))).toMatchObject({ kind: 'done', run: id });
    await world.pass(hour);
    expect(world.runOf(A)).toMatchObject({ approved: caller, ended: { outcome: 'promoted' } });
  });

  it('is refused for another digest than the run is about', async () => {
    const world = await awaitingApproval();
    const { id } = world.runOf(A);
    const why = `run ${id} is about 00000000000b, not 00000000000d`;
    expect(await say(world, approving(id, B))).toEqual({ kind: 'refused', why });
    await world.pass(hour);
    expect(world.target).toBeUndefined();
  });

  it('a second time changes nothing, and says who did', async () => {
    const world = await awaitingApproval();
    await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller));
    const { id } = world.runOf(A);
    await say(world, approving(id));
    expect(await say(world, approving(id))).toMatchObject({ kind: 'nothing', why: 'ada has approved it already' });
  });

  it('where none is asked for says so', async () => {
    const world = await soaking();
    expect(await say(world, approving(world.runOf(A).id))).toMatchObject({ kind: 'nothing' });
  });

  it('that nobody gives expires, and the run ends', async () => {
    const world = await awaitingApproval();
    await world.passWithTimers(6 * 24 * hour);
    expect(world.active).toHaveLength(1);
    await world.passWithTimers(2 * 24 * hour);
    expect(world.runOf(A).ended?.outcome).toBe('expired');
  });
});

describe('reject', () => {
  it('ends the run, and blocks its digest for every run to come', async () => {
    const world = await awaitingApproval();
    await say(world, (pipeline, tracked) => reject(pipeline, tracked, world.runOf(A).id, A, caller));
    expect(world.runOf(A)).toMatchObject({ ended: { outcome: 'rejected' }, why: 'rejected by ada: because' });
    expect(world.blocked).toEqual([A]);
    await say(world, (pipeline, tracked) => reimport(pipeline, tracked, caller, true));
    await world.pass(hour);
    expect(world.runOf(A)).toMatchObject({ kind: 'forced', ended: { outcome: 'blocked' } });
  });

  it('is refused while the run moves the target', async () => {
    const world = await leased();
    const answer = await say(world, (pipeline, tracked) => reject(pipeline, tracked, world.runOf(A).id, A, caller));
    expect(answer).toMatchObject({ kind: 'refused', why: expect.stringContaining('roll back instead') });
    expect(world.blocked).toEqual([]);
  });
});

describe('expedite', () => {
  const expediting =
    (id: string): Say =>
    (pipeline, tracked) =>
      expedite(pipeline, tracked, id, caller);

  it('promotes what soaks, at once', async () => {
    const world = await soaking();
    await say(world, expediting(world.runOf(A).id));
    await world.pass(5 * minute);
    expect(world.target).toBe(A);
  });

  it('does not pass a hold', async () => {
    const world = await soaking();
    await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller));
    await say(world, expediting(world.runOf(A).id));
    await world.passWithTimers(hour);
    expect(world.target).toBeUndefined();
  });

  it('a second time changes nothing', async () => {
    const world = await soaking();
    await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller));
    const { id } = world.runOf(A);
    await say(world, expediting(id));
    expect(await say(world, expediting(id))).toMatchObject({ kind: 'nothing', why: 'ada has expedited it already' });
  });

  it('is refused for a rollback, which waits for neither', async () => {
    const world = await promoted(A, B);
    world.delivers = false;
    await say(world, (pipeline, tracked) => rollback(pipeline, tracked, A, caller));
    expect(await say(world, expediting(world.runOf(A).id))).toMatchObject({ kind: 'refused' });
  });
});
