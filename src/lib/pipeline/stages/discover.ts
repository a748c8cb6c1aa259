/** Which tasks are built on an image: those that ACR knows of, and those that the catalog names. */
import { type Follower, followers, type ImageTag, taskKey } from '../../dependents/graph.ts';
import type { Digest } from '../../image/digest.ts';
import type { Build, Run, Seen } from '../model.ts';
import type { DependentTask } from '../ports.ts';
import type { KnownSession } from '../session.ts';

/** An image that tasks may be built on. */
export interface Base extends ImageTag {
  readonly digest: Digest;
  /** When it was put there (registry's clock). */
  readonly at: number;
}

/** `target`: what the run put, or found, there. */
export function baseOf({ pipeline, image, tracked }: KnownSession, { digest, at }: Seen): Base {
  return { registry: pipeline.catalog.buffer.loginServer, repository: image.target, tag: tracked.tag, digest, at };
}

export function referenceOf({ registry, repository, tag }: ImageTag): string {
  return `${registry}/${repository}:${tag}`;
}

/** The digest that the task's newest successful run found under the reference; undefined where it is not built on it. */
export function builtOn(task: DependentTask, reference: string): string | undefined {
  return task.dependencies.find((base) => referenceOf(base) === reference)?.digest;
}

/**
 * New builds for what is built on `base`. A task has one build in a run. One that is built on the target and on another
 * dependent's image too comes in that one's wave, after it: its row stands with the target as base until then.
 */
export async function discover(
  session: KnownSession,
  run: Run,
  base: Base,
  wave: number,
  known: readonly Build[],
): Promise<Build[]> {
  const { catalog } = session.pipeline;
  const settled = new Set(known.filter((build) => !isDeferred(build)).map(taskKey));
  const tasks = await tasksFor(session, base, wave);
  return tasks
    .filter(({ task }) => !settled.has(taskKey(task)))
    .map(({ task: info, wave: own }) => {
      const allowed = catalog.registries.find(({ name }) => name === info.registry)?.kick ?? false;
      return {
        run: run.id,
        registry: info.registry,
        task: info.task,
        wave: own,
        state: info.armed || allowed ? 'waiting' : 'unarmed',
        base: referenceOf(base),
        baseDigest: base.digest,
        baseAt: base.at,
        kicked: false,
        why: info.armed
          ? 'built on the image'
          : 'named in the catalog; it never ran, so ACR does not know what it is built on',
      };
    });
}

/** Found already, and nothing has been done about it: a later wave may still give it a newer base. */
function isDeferred({ wave, state, kicked }: Build): boolean {
  return wave > 1 && state === 'waiting' && !kicked;
}

type Placed = Pick<Follower<DependentTask>, 'task' | 'wave'>;

async function tasksFor(session: KnownSession, base: Base, wave: number): Promise<Placed[]> {
  const { dependents, catalog } = session.pipeline;
  const rule = session.image.dependents;
  const lists = rule.discover ? await Promise.all(catalog.registries.map((registry) => dependents.list(registry))) : [];
  const named =
    wave === 1 ? await Promise.all(rule.tasks.map(({ registry, task }) => dependents.get(registry, task))) : [];
  const found = followers(lists.flat(), base).filter(({ direct }) => direct);
  // A task that is named and found too stands in the wave in which it was found.
  const placed: Placed[] = [
    ...named.flatMap((task) => (task ? [{ task, wave }] : [])),
    ...found.map((follower) => ({ task: follower.task, wave: wave + follower.wave - 1 })),
  ];
  return [...new Map(placed.map((one) => [taskKey(one.task), one])).values()];
}
