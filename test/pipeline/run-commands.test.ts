import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/lib/pipeline/commands/command.ts';
import { cancel, reimport, retry } from '../../src/lib/pipeline/commands/run.ts';
import { limits } from '../../src/lib/pipeline/periods.ts';
import type { ImportState } from '../../src/lib/pipeline/ports.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { caller, good, KindWorld } from './kind-world.ts';
import { leased } from './situations.ts';

const [A, B] = good;

function cancelling(world: KindWorld): Promise<Answer> {
  return world.do((pipeline) => cancel(pipeline, world.tracked, world.runOf(A).id, caller));
}

function retrying(world: KindWorld): Promise<Answer> {
  return world.do((pipeline) => retry(pipeline, world.tracked, world.runOf(A).id, caller));
}

function reimporting(world: KindWorld, force = false): Promise<Answer> {
  return world.do((pipeline) => reimport(pipeline, world.tracked, caller, force));
}

/** Imports fail for good while `broken.now` is so. */
function withBrokenImports(world: KindWorld, failure: Extract<ImportState, { kind: 'failed' }>) {
  const broken = { now: true, started: 0 };
  world.through((pipeline) => ({
    ...pipeline,
    importer: {
      ...pipeline.importer,
      start: (request) => {
        broken.started++;
        return broken.now ? Promise.resolve(failure) : pipeline.importer.start(request);
      },
    },
  }));
  return broken;
}

const forbidden = { kind: 'failed', next: 'stall', why: 'the identity lacks the role' } as const;
const throttled = { kind: 'failed', next: 'retry', why: 'too many requests' } as const;

describe('cancel', () => {
  it('ends a run where it is, and nothing moves after it', async () => {
    const world = new KindWorld({ soak: 24 * hour });
    await world.bring(A);
    expect(await cancelling(world)).toMatchObject({ kind: 'done', why: 'cancelled by ada: because' });
    expect(world.world.state.active.size).toBe(0);
    await world.passWithTimers(25 * hour);
    expect(world.runOf(A).ended?.outcome).toBe('cancelled');
    expect(world.target).toBeUndefined();
  });

  it('is refused while the run moves the target', async () => {
    const world = await leased();
    expect(await cancelling(world)).toEqual({
      kind: 'refused',
      why: `run ${world.runOf(A).id} is moving the target: roll back instead`,
    });
    expect(world.active).toHaveLength(1);
  });
});

describe('retry', () => {
  it('takes a stalled run up again at its stage', async () => {
    const world = new KindWorld();
    const broken = withBrokenImports(world, forbidden);
    await world.bring(A, minute);
    expect(world.runOf(A)).toMatchObject({
      stage: 'import',
      parked: { for: 'stalled' },
      why: 'stalled: the import into staging/node failed: the identity lacks the role',
    });
    broken.now = false;
    await world.passWithTimers(hour);
    expect(world.target).toBeUndefined();
    expect(await retrying(world)).toMatchObject({ kind: 'done', why: 'tried again by ada: because' });
    await world.pass(hour);
    expect(world.target).toBe(A);
  });

  it('is refused for a run that is not stalled, and says what it waits for', async () => {
    const world = new KindWorld({ soak: 24 * hour });
    await world.bring(A);
    expect(await retrying(world)).toMatchObject({ kind: 'refused', why: expect.stringContaining('soaking until') });
  });
});

describe('a failed import', () => {
  it('that may pass is tried again by itself for hours, and then a human must look', async () => {
    const world = new KindWorld();
    const broken = withBrokenImports(world, throttled);
    await world.bring(A, minute);
    expect(world.runOf(A).parked).toBeUndefined();
    await world.pass(5 * hour);
    expect(world.runOf(A).parked).toBeUndefined();
    await world.pass(3 * hour);
    expect(broken.started).toBe(limits.tries + 1);
    expect(world.runOf(A)).toMatchObject({
      parked: { for: 'stalled' },
      why: 'stalled (tried 41 times): the import into staging/node failed: too many requests',
    });
  });

  it('that passes in time leaves no trace in the outcome', async () => {
    const world = new KindWorld();
    const broken = withBrokenImports(world, throttled);
    await world.bring(A, minute);
    broken.now = false;
    await world.pass(hour);
    expect(world.runOf(A)).toMatchObject({ tries: 0, ended: { outcome: 'promoted' } });
  });
});

describe('reimport', () => {
  it('starts the run for what upstream has now', async () => {
    const world = new KindWorld();
    world.upstream(A);
    expect(await reimporting(world)).toMatchObject({ kind: 'done', run: expect.any(String) });
    await world.pass(hour);
    expect(world.runOf(A)).toMatchObject({ requested: caller, ended: { outcome: 'promoted' } });
  });

  it('says that upstream shows nothing new', async () => {
    const world = new KindWorld();
    await world.bring(A);
    expect(await reimporting(world)).toEqual({ kind: 'nothing', why: 'upstream shows nothing new for node:1' });
    expect(world.runs).toHaveLength(1);
  });

  it('says that upstream could not be read, and changes nothing', async () => {
    const world = new KindWorld();
    world.through((pipeline) => ({
      ...pipeline,
      upstream: { ...pipeline.upstream, read: async () => ({ kind: 'unknown', why: 'throttled' }) },
    }));
    expect(await reimporting(world, true)).toEqual({
      kind: 'refused',
      why: 'upstream could not be read: throttled',
    });
    expect(world.runs).toEqual([]);
  });

  it('with force makes a run and a new validation, though nothing changed', async () => {
    const world = new KindWorld();
    await world.bring(A);
    await reimporting(world, true);
    await world.pass(hour);
    expect(world.world.validations.runs.size).toBe(2);
    expect(world.runOf(A)).toMatchObject({ kind: 'forced', ended: { outcome: 'unchanged' } });
  });

  it('with force joins the run that is under way', async () => {
    const world = new KindWorld();
    await world.bring(A, 0);
    expect(await reimporting(world, true)).toMatchObject({ kind: 'done', run: world.runOf(A).id });
    await world.pass(hour);
    expect(world.runs).toHaveLength(1);
  });

  it('with force sends a run that has passed and waits back to a new validation', async () => {
    const world = new KindWorld({ approval: true });
    await world.bring(A);
    await reimporting(world, true);
    expect(world.runOf(A)).toMatchObject({ stage: 'validate', why: 'forced: validated anew (because)' });
    await world.pass(hour);
    expect(world.world.validations.runs.size).toBe(2);
    expect(world.runOf(A).parked?.for).toBe('approval');
    expect(world.runs).toHaveLength(1);
  });

  it('of a digest that upstream left meanwhile is about what upstream has now', async () => {
    const world = new KindWorld();
    await world.bring(A);
    world.upstream(B);
    await reimporting(world, true);
    await world.pass(hour);
    expect(world.target).toBe(B);
  });
});
