/** Task runs as a worker starts and sees them. */
import type { Registry } from '../../src/lib/catalog/model.ts';
import { PortError } from '../../src/lib/pipeline/errors.ts';
import type * as ports from '../../src/lib/pipeline/ports.ts';
import { infoOf } from './task-run.ts';
import type { WorkerWorld } from './wire.ts';
import { call, unreachable } from './wire.ts';

type Refused = { readonly kind: 'failed'; readonly next: 'retry' | 'stall'; readonly why: string };

/** Throttled, or not allowed: certainly nothing was started. */
function refusedStart({ world: { random, temper } }: WorkerWorld): Refused | undefined {
  if (random.chance(temper.refusedStarts)) return { kind: 'failed', next: 'retry', why: 'throttled' };
  if (random.chance(temper.deniedStarts)) return { kind: 'failed', next: 'stall', why: 'a role is missing' };
  return undefined;
}

export function validationPort(at: WorkerWorld): ports.ValidationRunner {
  const { world } = at;
  const { validations } = world;
  const describe: ports.ValidationRunner['describe'] = (entry) => JSON.stringify(entry);
  return {
    describe,
    schedule: ({ entry, tag, digest, token }) =>
      call(
        at,
        () =>
          refusedStart(at) ?? {
            kind: 'scheduled',
            taskRun: validations.schedule(digest, describe(entry, tag), token),
          },
      ),
    findByToken: (token) =>
      call(at, () => {
        if (!world.temper.tokensTold) return undefined;
        return [...validations.runs.values()].find((run) => run.token === token)?.id;
      }),
    get: (id) =>
      call(at, () => {
        const run = validations.runs.get(id);
        return run && infoOf(run, world.temper.tokensTold);
      }),
    logEnd: (id) => call(at, () => validations.runs.get(id)?.log ?? ''),
    cancel: (id) =>
      call(at, () => {
        const run = validations.runs.get(id);
        if (run && (run.status === 'queued' || run.status === 'running')) run.status = 'canceled';
      }),
  };
}

export function dependentsPort(at: WorkerWorld): ports.DependentTasks {
  const { dependents } = at.world;
  const find = (name: string) => dependents.tasks.find((task) => task.name === name);
  return {
    list: async (registry: Registry) => {
      if (unreachable(at))
        throw new PortError('it does not answer', { operation: 'list tasks of', target: registry.name, next: 'retry' });
      return registry.name === 'dev' ? dependents.tasks.map((task) => dependents.info(task)) : [];
    },
    get: async (_registry, name) => {
      const task = find(name);
      return task && dependents.info(task);
    },
    runs: async (_registry, name, since) => {
      const task = find(name);
      return task ? dependents.list(task, since) : [];
    },
    kick: async (_registry, name, token) => {
      const task = find(name);
      if (!task) return { kind: 'failed', next: 'stall', why: 'no such task' };
      const refused = refusedStart(at);
      if (refused) return refused;
      const kick = `${name} ${token}`;
      dependents.kicks.set(kick, (dependents.kicks.get(kick) ?? 0) + 1);
      return { kind: 'scheduled', taskRun: dependents.start(task, token, []) };
    },
  };
}
