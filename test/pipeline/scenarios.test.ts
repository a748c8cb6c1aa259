import { expect, it } from 'vitest';
import { approve } from '../../src/lib/pipeline/commands/approval.ts';
import { hold, resume } from '../../src/lib/pipeline/commands/hold.ts';
import { rollback } from '../../src/lib/pipeline/commands/rollback.ts';
import { reimport } from '../../src/lib/pipeline/commands/run.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { digestOf } from '../simulation/places.ts';
import { bad, caller, good, KindWorld } from './kind-world.ts';

const [A, B, C] = good;

it('a digest of upstream goes through import, validation and promotion, and its dependents are rebuilt', async () => {
  const world = new KindWorld();
  const run = await world.bring(A);
  expect(run.ended?.outcome).toBe('promoted');
  expect(world.target).toBe(A);
  expect(run.why).toBe('dependents: 2 rebuilt');
  expect(world.active).toEqual([]);
});

it('a digest that its validation rejects is never in the target', async () => {
  const world = new KindWorld();
  await world.bring(A);
  const run = await world.bring(bad);
  expect(run.ended?.outcome).toBe('rejected');
  expect(world.target).toBe(A);
});

it('an unchanged world writes nothing', async () => {
  const world = new KindWorld();
  await world.bring(A);
  await world.passWithTimers(hour);
  const before = world.world.state.writes;
  await world.passWithTimers(3 * hour);
  expect(world.world.state.writes).toBe(before);
});

it('an upstream that moves faster than the soak still promotes, each digest a soak after its first sight', async () => {
  const soak = 6 * hour;
  const world = new KindWorld({ soak });
  const promoted: number[] = [];
  for (let move = 0; move < 40; move++) {
    world.upstream(digestOf(31 + 3 * move));
    await world.passWithTimers(hour);
  }
  for (const run of world.runs) {
    if (run.ended?.outcome !== 'promoted') continue;
    expect(run.landedAt ?? 0).toBeGreaterThanOrEqual(run.soakFrom + soak);
    promoted.push(run.seq);
  }
  expect(promoted.length).toBeGreaterThan(25);
});

it('resuming promotes the newest digest that passed, not the oldest that waited', async () => {
  const world = new KindWorld();
  await world.bring(A);
  await world.do((pipeline) => hold(pipeline, world.tracked, caller));
  await world.bring(B);
  await world.bring(C);
  expect(world.target).toBe(A);
  expect(world.active.map(({ parked }) => parked?.for)).toEqual(['hold', 'hold']);

  await world.do((pipeline) => resume(pipeline, world.tracked, caller));
  await world.pass(hour);
  expect(world.target).toBe(C);
  expect(world.runOf(C).ended?.outcome).toBe('promoted');
  expect(world.runOf(B).ended?.outcome).toBe('superseded');
});

it('resuming promotes the one that passed where the newest was rejected', async () => {
  const world = new KindWorld();
  await world.bring(A);
  await world.do((pipeline) => hold(pipeline, world.tracked, caller));
  await world.bring(B);
  await world.bring(bad);
  await world.do((pipeline) => resume(pipeline, world.tracked, caller));
  await world.pass(hour);
  expect(world.target).toBe(B);
});

it('a hold with an end lets its runs go by itself', async () => {
  const world = new KindWorld();
  await world.bring(A);
  await world.do((pipeline) => hold(pipeline, world.tracked, caller, world.now + 3 * hour));
  await world.bring(B);
  expect(world.target).toBe(A);
  await world.passWithTimers(4 * hour);
  expect(world.target).toBe(B);
});

it('a rollback stays: upstream may move on, and the target does not', async () => {
  const world = new KindWorld();
  await world.bring(A);
  await world.bring(B);
  await world.do((pipeline) => rollback(pipeline, world.tracked, A, caller));
  await world.pass(hour);
  expect(world.target).toBe(A);
  expect(world.runOf(A)).toMatchObject({ kind: 'rollback', ended: { outcome: 'rolled-back' } });

  world.upstream(C);
  await world.passWithTimers(5 * hour);
  expect(world.target).toBe(A);

  await world.do((pipeline) => resume(pipeline, world.tracked, caller));
  await world.passWithTimers(hour);
  expect(world.target).toBe(C);
});

it('a digest that a rollback left is not promoted again, though upstream goes back to it', async () => {
  const world = new KindWorld();
  for (const digest of [A, B]) await world.bring(digest);
  await world.do((pipeline) => rollback(pipeline, world.tracked, A, caller));
  await world.pass(hour);
  await world.do((pipeline) => resume(pipeline, world.tracked, caller));
  await world.do((pipeline) => reimport(pipeline, world.tracked, caller, true));
  await world.passWithTimers(2 * hour);
  expect(world.target).toBe(A);
  expect(world.runOf(B)).toMatchObject({ kind: 'forced', ended: { outcome: 'blocked' } });
});

it('a run that waits while the catalog asks for another validation is validated anew', async () => {
  const world = new KindWorld({ approval: true });
  const before = (await world.bring(A)).validation;
  expect(world.active[0]?.parked?.for).toBe('approval');

  world.recatalog((image) => ({ ...image, validate: [{ kind: 'task', task: 'stricter', timeoutSeconds: 600 }] }));
  await world.do((pipeline) => approve(pipeline, world.tracked, world.runOf(A).id, A, caller));
  expect(world.target).toBeUndefined();
  await world.pass(hour);
  expect(world.runOf(A).validation).not.toBe(before);
  expect(world.world.validations.runs.size).toBe(2);
  expect(world.target).toBe(A);
});

it('a digest that passed once is not validated again when upstream goes back to it', async () => {
  const world = new KindWorld();
  for (const digest of [A, B, A]) await world.bring(digest);
  expect(world.target).toBe(A);
  expect(world.world.validations.runs.size).toBe(2);
});

it('a tag that leaves the catalog ends its runs, parked ones too, and says so', async () => {
  const world = new KindWorld({ approval: true });
  await world.bring(A);
  world.recatalog((image) => ({ ...image, tags: [] }));
  await world.passWithTimers(15 * minute);
  expect(world.active).toEqual([]);
  expect(world.runOf(A)).toMatchObject({ why: 'node:1 has left the catalog', ended: { outcome: 'untracked' } });
  expect(world.world.state.active.size).toBe(0);
});

it('a run whose tag has left the catalog ends at its next message, without the sweep', async () => {
  const world = new KindWorld();
  await world.bring(A, minute);
  world.recatalog((image) => ({ ...image, tags: [] }));
  await world.pass(15 * minute);
  expect(world.runOf(A).ended?.outcome).toBe('untracked');
});

it('a digest that upstream goes back to has soaked since its first sight', async () => {
  const world = new KindWorld({ soak: 24 * hour });
  const first = await world.bring(A);
  await world.bring(B, 20 * hour);
  const again = await world.bring(A);
  expect(again.id).not.toBe(first.id);
  expect(again.soakFrom).toBe(first.soakFrom);
  await world.pass(3 * hour);
  expect(world.target).toBe(A);
});

it('a push into the target that nobody has heard of is not overwritten by a promotion', async () => {
  const world = new KindWorld();
  await world.bring(A);
  world.push('base-images/node', digestOf(100));
  await world.bring(B);
  expect(world.target).toBe(digestOf(100));
  expect(world.runOf(digestOf(100)).kind).toBe('patch');
  expect(world.runOf(B).parked?.for).toBe('hold');
});

it('a push into staging is validated and promoted, and upstream promotes over it when it moves', async () => {
  const world = new KindWorld();
  await world.bring(A);
  world.push('staging/node', B);
  await world.look('staging');
  await world.pass(hour);
  expect(world.runOf(B)).toMatchObject({ kind: 'own', ended: { outcome: 'promoted' } });
  expect(world.target).toBe(B);
  await world.bring(C);
  expect(world.target).toBe(C);
});

it('a push into the target is rebuilt on, and holds until it is resumed', async () => {
  const world = new KindWorld();
  await world.bring(A);
  world.push('base-images/node', digestOf(100));
  await world.passWithTimers(hour);
  expect(world.runOf(digestOf(100))).toMatchObject({ kind: 'patch', ended: { outcome: 'patched' } });
  await world.bring(B);
  await world.passWithTimers(hour);
  expect(world.target).toBe(digestOf(100));
  expect(world.runOf(B).why).toContain('held by sluice');
  await world.do((pipeline) => resume(pipeline, world.tracked, caller));
  await world.pass(hour);
  expect(world.target).toBe(B);
});

it('what stands in staging and target at first sight is taken as it is: no run, no hold', async () => {
  const world = new KindWorld();
  world.push('staging/node', B);
  world.push('base-images/node', A);
  world.upstream(A);
  await world.passWithTimers(hour);
  expect(world.runs).toEqual([]);
  expect(world.head).toMatchObject({ staging: { digest: B }, target: { digest: A }, upstream: { digest: A } });
  expect(world.head.hold).toBeUndefined();
});

it('a run whose message was lost goes on when the sweep has found it', async () => {
  const world = new KindWorld();
  world.delivers = false;
  await world.bring(A, 5 * minute);
  expect(world.active).toHaveLength(1);
  world.delivers = true;
  await world.passWithTimers(hour);
  expect(world.target).toBe(A);
});
