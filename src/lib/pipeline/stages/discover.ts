/** Which tasks are built on an image: those that ACR knows of, and those that the catalog names. */
import { followers, type ImageTag, taskKey } from '../../dependents/graph.ts';
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
  const settled = new Set(known.filter((build) => !isDeferred(build)).map(taskKey));
  const found = await tasksFor(session, base, wave);
  return found.filter((one) => !settled.has(taskKey(one))).map((one) => buildOf(session, run, base, one));
}

function buildOf({ pipeline }: KnownSession, run: Run, base: Base, { registry, task, wave, info }: Found): Build {
  const mayKick = pipeline.catalog.registries.some(({ name, kick }) => name === registry && kick);
  return {
    run: run.id,
    registry,
    task,
    wave,
    base: referenceOf(base),
    baseDigest: base.digest,
    baseAt: base.at,
    kicked: false,
    ...stateOf(info, mayKick),
  };
}

function stateOf(info: DependentTask | undefined, mayKick: boolean): Pick<Build, 'state' | 'why'> {
  if (!info) return { state: 'unconfirmed', why: 'named in the catalog, and its registry has no such task' };
  if (info.armed) return { state: 'waiting', why: 'built on the image' };
  const why = 'named in the catalog; it never ran, so ACR does not know what it is built on';
  return { state: mayKick ? 'waiting' : 'unarmed', why };
}

/** Found already, and nothing has been done about it: a later wave may still give it a newer base. */
function isDeferred({ wave, state, kicked }: Build): boolean {
  return wave > 1 && state === 'waiting' && !kicked;
}

/** `info` undefined: the catalog names it, and there is no such task. */
interface Found {
  readonly registry: string;
  readonly task: string;
  readonly wave: number;
  readonly info: DependentTask | undefined;
}

async function tasksFor(session: KnownSession, base: Base, wave: number): Promise<Found[]> {
  const { dependents, catalog } = session.pipeline;
  const rule = session.image.dependents;
  const lists = rule.discover ? await Promise.all(catalog.registries.map((registry) => dependents.list(registry))) : [];
  const named = (wave === 1 ? rule.tasks : []).map(async ({ registry, task }): Promise<Found> => {
    return { registry: registry.name, task, wave, info: await dependents.get(registry, task) };
  });
  const built = followers(lists.flat(), base).filter(({ direct }) => direct);
  // A task that is named and found too stands in the wave in which it was found.
  const all: Found[] = [
    ...(await Promise.all(named)),
    ...built.map(({ task: info, wave: own }) => ({ ...info, wave: wave + own - 1, info })),
  ];
  return [...new Map(all.map((one) => [taskKey(one), one])).values()];
}
