/** The record as a worker has it: others commit in between, and a newer release may have written rows. */
import type { Instant, TrackedTag } from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import { NewerSchema } from '../../src/lib/pipeline/newer-schema.ts';
import type { Store, Verdicts } from '../../src/lib/pipeline/record.ts';
import { second } from './clockwork.ts';
import { memoryVerdicts } from './memory-index.ts';
import { memoryStore } from './memory-store.ts';
import type { WorkerWorld } from './wire.ts';

export function storePort(at: WorkerWorld, now: () => Instant): Store {
  const { world } = at;
  const store = memoryStore(world.state, now);
  const readable = (tracked: TrackedTag) => {
    if ((world.newerUntil.get(tracked.tag) ?? 0) > now()) throw new NewerSchema(nameOf(tracked), 2, 1);
  };
  return {
    load: (tracked) => {
      readable(tracked);
      return store.load(tracked);
    },
    run: (tracked, id) => {
      readable(tracked);
      return store.run(tracked, id);
    },
    digest: (tracked, digest) => {
      readable(tracked);
      return store.digest(tracked, digest);
    },
    builds: (tracked, run) => {
      readable(tracked);
      return store.builds(tracked, run);
    },
    commit: async (change) => {
      if (isBeaten(at)) return 'conflict';
      const answer = await store.commit(change);
      if (!world.random.chance(world.temper.lostCommits)) return answer;
      await new Promise<void>((resolve) => world.clockwork.after(world.random.between(0, 3 * second), resolve));
      throw new Error('connection reset');
    },
  };
}

export function verdictsPort(at: WorkerWorld, now: () => Instant): Verdicts {
  const { state, validations } = at.world;
  const verdicts = memoryVerdicts(state, now);
  return {
    get: verdicts.get,
    put: async (verdict, etag) => {
      const answer = isBeaten(at) ? undefined : await verdicts.put(verdict, etag);
      if (answer !== undefined && verdict.taskRun !== undefined) validations.recorded.add(verdict.taskRun);
      return answer;
    },
  };
}

/** Somebody else was faster. For some workers somebody is each time. */
function isBeaten({ world, worker }: WorkerWorld): boolean {
  return worker.beaten || world.random.chance(world.temper.conflicts);
}
