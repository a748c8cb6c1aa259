/** Waits that go on by themselves: no sweep runs here, so each of them has its message. */
import { describe, expect, it } from 'vitest';
import { PortError } from '../../src/lib/pipeline/errors.ts';
import type { TaskRunInfo } from '../../src/lib/pipeline/ports.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { good, KindWorld } from './kind-world.ts';

const [A] = good;

function validating(world: KindWorld, get: (info: TaskRunInfo) => TaskRunInfo) {
  const cancelled: string[] = [];
  world.through((pipeline) => ({
    ...pipeline,
    validations: {
      ...pipeline.validations,
      get: async (id) => {
        const info = await pipeline.validations.get(id);
        return info && get(info);
      },
      cancel: async (id) => void cancelled.push(id),
    },
  }));
  return cancelled;
}

describe('a validation', () => {
  it('that was queued for hours has its whole timeout from its start', async () => {
    const world = new KindWorld();
    const begun = world.now;
    const startedAt = begun + 5 * hour;
    const ended = startedAt + 9 * minute;
    const cancelled = validating(world, (info) => {
      if (world.now < startedAt) return { ...info, status: 'queued' };
      return world.now < ended ? { ...info, status: 'running', startedAt } : info;
    });
    await world.bring(A, 4 * hour);
    expect(world.runOf(A).why).toMatch(/task run v1 is queued since .+, and given up at 2026-01-06T08:/);
    await world.pass(3 * hour);
    expect(world.runOf(A).ended?.outcome).toBe('promoted');
    expect(cancelled).toEqual([]);
  });

  it('that its registry never starts is given up after a day, and a human must look after three', async () => {
    const world = new KindWorld();
    const cancelled = validating(world, (info) => ({ ...info, status: 'queued' }));
    await world.bring(A, 74 * hour);
    expect(cancelled).toEqual(['v1', 'v2', 'v3']);
    expect(world.runOf(A).parked?.for).toBe('stalled');
    expect(world.runOf(A).why).toContain('no verdict after 3 task runs');
  });
});

/** The dependents' port, changed. */
function rebuilding(world: KindWorld, change: (real: Pipeline['dependents']) => Partial<Pipeline['dependents']>) {
  world.through((pipeline) => ({
    ...pipeline,
    dependents: { ...pipeline.dependents, ...change(pipeline.dependents) },
  }));
}

describe('a rebuild', () => {
  it('outlasts a read that fails now and then: only failures in a row stall it', async () => {
    const world = new KindWorld();
    let reads = 0;
    const slow = world.now + 50 * minute;
    rebuilding(world, (real) => ({
      runs: async (...of) => {
        if (++reads % 20 === 0) throw Object.assign(new Error('too many requests'), { statusCode: 429 });
        const runs = await real.runs(...of);
        return runs.map((run) => (world.now < slow ? { ...run, status: 'running' as const } : run));
      },
    }));
    const run = await world.bring(A, 4 * hour);
    expect(reads / 20).toBeGreaterThan(10);
    expect(run).toMatchObject({ ended: { outcome: 'promoted' }, why: 'dependents: 2 rebuilt' });
  });

  it('whose start was refused for now tries again by itself', async () => {
    const world = new KindWorld();
    let refusals = 2;
    rebuilding(world, (real) => ({
      kick: async (...of) => (refusals-- > 0 ? { kind: 'failed', next: 'retry', why: 'throttled' } : real.kick(...of)),
    }));
    const run = await world.bring(A, 10 * minute);
    expect(run).toMatchObject({ ended: { outcome: 'promoted' }, why: 'dependents: 2 rebuilt' });
  });

  it('waits as long as the service asks', async () => {
    const world = new KindWorld();
    let asked = 0;
    rebuilding(world, (real) => ({
      runs: async (...of) => {
        const details = { operation: 'list runs of', target: 'dev', next: 'retry', retryAfter: 7 * minute } as const;
        if (++asked === 1) throw new PortError('too many requests', details);
        return real.runs(...of);
      },
    }));
    await world.bring(A, 5 * minute);
    const { dueAt, why } = world.runOf(A);
    expect(asked).toBeLessThan(3);
    expect(why).toContain(`too many requests; tried again at ${new Date(dueAt).toISOString()}`);
    await world.pass(hour);
    expect(world.runOf(A).ended?.outcome).toBe('promoted');
  });

  it('that cannot write down what it has started goes on by itself, and starts nothing twice', async () => {
    const world = new KindWorld();
    let broken = true;
    world.through((pipeline) => ({
      ...pipeline,
      store: {
        ...pipeline.store,
        commit: async (change) => {
          if (!broken || !change.builds?.some(({ taskRun, kicked }) => kicked && taskRun))
            return pipeline.store.commit(change);
          broken = false;
          throw Object.assign(new Error('the service is busy'), { statusCode: 503 });
        },
      },
    }));
    const run = await world.bring(A, 10 * minute);
    expect(broken).toBe(false);
    expect(run).toMatchObject({ ended: { outcome: 'promoted' }, why: 'dependents: 2 rebuilt' });
    expect([...world.world.dependents.kicks.values()]).toEqual([1]);
  });

  it('names a task that the catalog names and its registry does not have', async () => {
    const world = new KindWorld();
    world.recatalog((image) => {
      const [first] = image.dependents.tasks;
      const tasks = first ? [...image.dependents.tasks, { ...first, task: 'hello-wrold' }] : [];
      return { ...image, dependents: { ...image.dependents, tasks } };
    });
    const run = await world.bring(A);
    const builds = world.world.state.tags.get('node:1')?.builds.get(run.id);
    const build = [...(builds?.values() ?? [])].find(({ task }) => task === 'hello-wrold');
    expect(build).toMatchObject({
      state: 'unconfirmed',
      why: 'named in the catalog, and its registry has no such task',
    });
    expect(run.why).toBe('dependents: 2 rebuilt, 1 unconfirmed');
  });

  it('starts no more than its budget of failures allows', async () => {
    const world = new KindWorld({ triggersFire: false });
    const started: string[] = [];
    world.recatalog((image) => ({
      ...image,
      dependents: { ...image.dependents, discover: true, tasks: [], maxParallel: 1, failureBudget: 2, graceSeconds: 0 },
    }));
    rebuilding(world, (real) => ({
      kick: async (registry, task, token) => {
        started.push(task);
        return real.kick(registry, task, token);
      },
      runs: async (...of) => (await real.runs(...of)).map((run) => ({ ...run, status: 'failed' as const })),
    }));
    const run = await world.bring(A, hour);
    expect(started).toHaveLength(2);
    expect(run.why).toContain('2 failed');
  });
});
