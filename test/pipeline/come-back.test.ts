/** What was lost sight of comes back: a tag of the catalog, a digest upstream, a target, a run that waited in vain. */
import { expect, it } from 'vitest';
import { cancel, reimport, retry } from '../../src/lib/pipeline/commands/run.ts';
import type { ImportState } from '../../src/lib/pipeline/ports.ts';
import { sweep } from '../../src/lib/pipeline/sweep.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { caller, good, KindWorld } from './kind-world.ts';
import { awaitingApproval, leased, promoted } from './situations.ts';

const [A, B] = good;

/** Imports of A are answered by `broken.answer` while that is set. */
function importing(world: KindWorld) {
  const broken: { answer: Exclude<ImportState, { kind: 'running' }> | undefined } = { answer: undefined };
  world.through((pipeline) => ({
    ...pipeline,
    importer: {
      ...pipeline.importer,
      start: async (request) =>
        request.digest === A && broken.answer ? broken.answer : pipeline.importer.start(request),
    },
  }));
  return broken;
}

it('a digest whose run ended because its tag had left the catalog goes through when the tag is back', async () => {
  const world = await promoted(A);
  world.delivers = false;
  world.upstream(B);
  await world.look('upstream');
  const { tags } = world.world.catalog.images[0] ?? { tags: [] };
  world.recatalog((image) => ({ ...image, tags: [] }));
  await world.do(sweep);
  expect(world.runOf(B).ended?.outcome).toBe('untracked');
  world.delivers = true;
  world.recatalog((image) => ({ ...image, tags }));
  await world.passWithTimers(hour);
  expect(world.target).toBe(B);
});

it('a digest that could not be imported because it was gone goes through when upstream shows it again', async () => {
  const world = await promoted(A);
  world.upstream(B);
  world.through((pipeline) => ({
    ...pipeline,
    importer: { ...pipeline.importer, start: async () => ({ kind: 'gone', why: 'MANIFEST_UNKNOWN' }) },
    // By the time of the second look upstream's tag is missing.
    upstream: {
      ...pipeline.upstream,
      read: async (...of) => (world.active.length > 0 ? { kind: 'absent' } : pipeline.upstream.read(...of)),
    },
  }));
  await world.look('upstream');
  expect(world.runOf(B).ended?.outcome).toBe('gone');
  world.through((pipeline) => pipeline);
  await world.passWithTimers(hour);
  expect(world.target).toBe(B);
});

it('a target that somebody deleted comes back by a forced reimport', async () => {
  const world = await promoted(A);
  world.world.repository('base-images/node').tags.delete('1');
  await world.do((pipeline) => reimport(pipeline, world.tracked, caller, true));
  await world.passWithTimers(hour);
  expect(world.target).toBe(A);
});

it('a run that waits for an approval goes on when the catalog asks for none any more', async () => {
  const world = await awaitingApproval();
  world.recatalog((image) => ({ ...image, gate: { ...image.gate, approval: false } }));
  await world.passWithTimers(hour);
  expect(world.target).toBe(A);
});

it('a run whose import was stalled is tried again by a forced reimport', async () => {
  const world = new KindWorld();
  const broken = importing(world);
  broken.answer = { kind: 'failed', next: 'stall', why: 'no credentials' };
  await world.bring(A);
  expect(world.runOf(A).parked?.for).toBe('stalled');
  broken.answer = undefined;
  const answer = await world.do((pipeline) => reimport(pipeline, world.tracked, caller, true));
  expect(answer).toMatchObject({ kind: 'done', run: world.runOf(A).id });
  await world.pass(hour);
  expect(world.target).toBe(A);
  expect(world.runs).toHaveLength(1);
});

it('a stalled run that a newer digest has overtaken ends by itself', async () => {
  const world = new KindWorld();
  const broken = importing(world);
  broken.answer = { kind: 'failed', next: 'stall', why: 'no credentials' };
  await world.bring(A);
  await world.bring(B);
  await world.passWithTimers(hour);
  expect(world.runOf(A).ended?.outcome).toBe('superseded');
  expect(world.runOf(A).why).toMatch(/^superseded by run number 2, which is promoted; it was stalled: /);
});

it('a stalled rebuild ends as promoted when the target has moved on', async () => {
  const world = new KindWorld();
  const denied = { now: true };
  world.through((pipeline) => ({
    ...pipeline,
    dependents: {
      ...pipeline.dependents,
      get: async (...of) => {
        if (denied.now) throw Object.assign(new Error('no role allows it'), { statusCode: 403 });
        return pipeline.dependents.get(...of);
      },
    },
  }));
  await world.bring(A);
  expect(world.runOf(A)).toMatchObject({ stage: 'rebuild', parked: { for: 'stalled' } });
  denied.now = false;
  await world.bring(B);
  await world.passWithTimers(hour);
  expect(world.runOf(A).ended?.outcome).toBe('promoted');
  expect(world.runOf(A).why).toContain('the target has moved on to 00000000000d');
});

it('a run that waits for the lease of a stalled one says so, and goes on when that one is retried', async () => {
  const world = await leased();
  const unreadable = { now: true };
  world.through((pipeline) => ({
    ...pipeline,
    buffer: {
      ...pipeline.buffer,
      readTag: async (repository, tag) =>
        unreadable.now && repository === 'base-images/node'
          ? { kind: 'unknown', why: 'no role allows it' }
          : pipeline.buffer.readTag(repository, tag),
    },
  }));
  await world.passWithTimers(8 * hour);
  expect(world.runOf(A).parked?.for).toBe('stalled');
  await world.bring(B);
  expect(world.runOf(B).parked?.for).toBe('lease');
  expect(world.runOf(B).why).toContain(`run ${world.runOf(A).id} may be moving the target, and is stalled`);
  const cancelled = await world.do((pipeline) => cancel(pipeline, world.tracked, world.runOf(A).id, caller));
  expect(cancelled.kind).toBe('refused');
  unreadable.now = false;
  await world.do((pipeline) => retry(pipeline, world.tracked, world.runOf(A).id, caller));
  await world.passWithTimers(2 * hour);
  expect(world.target).toBe(B);
});

it('a put without an answer that somebody else has made meanwhile keeps its lease until it can no longer come', async () => {
  const world = await leased();
  world.push('base-images/node', A);
  const settled = (world.lease?.since ?? 0) + 2 * minute;
  await world.pass(settled - world.now - 1000);
  expect(world.lease?.run).toBe(world.runOf(A).id);
  await world.pass(hour);
  expect(world.runOf(A).ended?.outcome).toBe('promoted');
});

/** A put landed, and its run ended before anybody could look: the tag had left the catalog, and came back. */
async function landedUnseen(lands: boolean): Promise<KindWorld> {
  const world = await leased();
  if (lands) world.world.push('base-images/node', '1', A, 'us');
  const { tags } = world.world.catalog.images[0] ?? { tags: [] };
  world.recatalog((image) => ({ ...image, tags: [] }));
  await world.passWithTimers(hour);
  expect(world.runOf(A).ended?.outcome).toBe('untracked');
  world.recatalog((image) => ({ ...image, tags }));
  world.through((pipeline) => pipeline);
  return world;
}

it('a digest that we put before its tag left the catalog is ours when the tag is back, and is rebuilt on', async () => {
  const world = await landedUnseen(true);
  const { seq } = world.runOf(A);
  await world.passWithTimers(2 * hour);
  expect(world.head).toMatchObject({ target: { digest: A }, unsettled: undefined, hold: undefined });
  expect(world.head.promotedSeq).toBeGreaterThanOrEqual(seq);
  expect(world.runs.filter(({ kind }) => kind === 'patch')).toEqual([]);
  expect(world.runOf(A)).toMatchObject({ ended: { outcome: 'promoted' }, why: 'dependents: 2 rebuilt' });
  expect(world.world.state.tags.get('node:1')?.digests.get(A)?.promotedAt).toBeDefined();
});

it('a digest that was not put after all, and that somebody pushes later, is a patch', async () => {
  const world = await landedUnseen(false);
  world.delivers = false;
  await world.look('target');
  expect(world.head.unsettled).toBeUndefined();
  world.push('base-images/node', A);
  await world.look('target');
  expect(world.runOf(A)).toMatchObject({ kind: 'patch' });
  expect(world.head.hold?.by).toBe('sluice');
});

it('a target that went back is not taken for unchanged because a replica lags', async () => {
  const world = await promoted(A, B);
  const behind = { now: true };
  world.through((pipeline) => ({
    ...pipeline,
    buffer: {
      ...pipeline.buffer,
      readTag: async (repository, tag) => {
        const reading = await pipeline.buffer.readTag(repository, tag);
        const lags = behind.now && repository === 'base-images/node' && tag === '1' && reading.kind === 'found';
        return lags ? { ...reading, digest: A, at: reading.at - hour } : reading;
      },
    },
  }));
  world.upstream(A);
  await world.look('upstream');
  behind.now = false;
  await world.pass(hour);
  expect(world.target).toBe(A);
});
