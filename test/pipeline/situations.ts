/** Where a tracked tag may stand when an operator comes. */
import type { Digest } from '../../src/lib/image/digest.ts';
import type { Answer } from '../../src/lib/pipeline/commands/command.ts';
import type { TrackedTag } from '../../src/lib/pipeline/model.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { good, KindWorld } from './kind-world.ts';

const [A] = good;

export type Say = (pipeline: Pipeline, tracked: TrackedTag) => Promise<Answer>;

export function say(world: KindWorld, command: Say): Promise<Answer> {
  return world.do((pipeline) => command(pipeline, world.tracked));
}

/** The put into the target gets no answer, and does not take effect: the run keeps its lease. */
export async function leased(): Promise<KindWorld> {
  const world = new KindWorld();
  world.through((pipeline) => ({
    ...pipeline,
    mover: {
      moveTag: (repository, ...rest) =>
        repository === 'base-images/node'
          ? Promise.resolve({ kind: 'unclear', why: 'connection reset' })
          : pipeline.mover.moveTag(repository, ...rest),
    },
  }));
  world.upstream(A);
  await world.look('upstream');
  while (world.lease === undefined) await world.pass(minute);
  return world;
}

/** Waits for a soak of a day. */
export async function soaking(): Promise<KindWorld> {
  const world = new KindWorld({ soak: 24 * hour });
  await world.bring(A);
  return world;
}

export async function awaitingApproval(): Promise<KindWorld> {
  const world = new KindWorld({ approval: true });
  await world.bring(A);
  return world;
}

export async function promoted(...digests: Digest[]): Promise<KindWorld> {
  const world = new KindWorld();
  for (const digest of digests) await world.bring(digest);
  return world;
}
