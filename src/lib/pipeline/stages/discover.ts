/** Which tasks are built on an image: those that ACR knows of, and those that the catalog names. */
import { dependentGraph, taskKey } from '../../dependents/graph.ts';
import type { Digest } from '../../image/digest.ts';
import type { Build, Run } from '../model.ts';
import type { DependentTask } from '../ports.ts';
import type { KnownSession } from '../session.ts';

/** An image that tasks may be built on. */
export interface Base {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
  /** When it was put there (registry's clock). */
  readonly at: number;
}

export function targetOf({ pipeline, image, tracked }: KnownSession, run: Run): Base {
  const { loginServer } = pipeline.catalog.buffer;
  return {
    registry: loginServer,
    repository: image.target,
    tag: tracked.tag,
    digest: run.digest,
    at: run.landedAt ?? run.createdAt,
  };
}

export function referenceOf({ registry, repository, tag }: Pick<Base, 'registry' | 'repository' | 'tag'>): string {
  return `${registry}/${repository}:${tag}`;
}

function builtOnTag(task: DependentTask, reference: string): boolean {
  return dependencyOn(task, reference) !== undefined;
}

/** The digest that the task's newest successful run found under the reference; undefined where it is not built on it. */
export function builtOn(task: DependentTask, reference: string): string | undefined {
  return dependencyOn(task, reference)?.digest;
}

function dependencyOn(task: DependentTask, reference: string) {
  return task.dependencies.find(
    ({ registry, repository, tag }) => referenceOf({ registry, repository, tag: tag ?? 'latest' }) === reference,
  );
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
    .filter(({ info }) => !settled.has(taskKey(info)))
    .map(({ info, wave: own }) => {
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

interface Placed {
  readonly info: DependentTask;
  readonly wave: number;
}

async function tasksFor(session: KnownSession, base: Base, wave: number): Promise<Placed[]> {
  const { dependents, catalog } = session.pipeline;
  const rule = session.image.dependents;
  const lists = rule.discover ? await Promise.all(catalog.registries.map((registry) => dependents.list(registry))) : [];
  const all = lists.flat();
  const named =
    wave === 1 ? await Promise.all(rule.tasks.map(({ registry, task }) => dependents.get(registry, task))) : [];
  const placed = new Map<string, Placed>();
  for (const info of named) if (info) placed.set(taskKey(info), { info, wave });
  const nodes = dependentGraph(all, [base]).waves.flat();
  for (const node of nodes) {
    const info = all.find((task) => taskKey(task) === taskKey(node.task));
    if (info && builtOnTag(info, referenceOf(base))) placed.set(taskKey(info), { info, wave: wave + node.wave - 1 });
  }
  return [...placed.values()];
}
