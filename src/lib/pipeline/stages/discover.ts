/** Which tasks are built on an image: those that ACR knows of, and those that the catalog names. */
import type { Image } from '../../catalog/model.ts';
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

/** The digest that the task's newest successful run found under the reference; undefined where it is not built on it. */
export function builtOn(task: DependentTask, reference: string): string | undefined {
  return dependencyOn(task, reference)?.digest;
}

function dependencyOn(task: DependentTask, reference: string) {
  return task.dependencies.find(
    ({ registry, repository, tag }) => referenceOf({ registry, repository, tag: tag ?? 'latest' }) === reference,
  );
}

/** New builds for what is built on `base`. A task has one build in a run, in the first wave that reaches it. */
export async function discover(
  session: KnownSession,
  run: Run,
  base: Base,
  wave: number,
  known: readonly Build[],
): Promise<Build[]> {
  const { pipeline, image } = session;
  const seen = new Set(known.map(({ registry, task }) => `${registry}/${task}`));
  const found = await tasksFor(session, image.dependents, referenceOf(base), wave);
  const builds: Build[] = [];
  for (const { registry, task, armed } of found) {
    if (seen.has(`${registry}/${task}`)) continue;
    seen.add(`${registry}/${task}`);
    const allowed = pipeline.catalog.registries.find(({ name }) => name === registry)?.kick ?? false;
    builds.push({
      run: run.id,
      registry,
      task,
      wave,
      state: armed || allowed ? 'waiting' : 'unarmed',
      base: referenceOf(base),
      baseDigest: base.digest,
      baseAt: base.at,
      kicked: false,
      why: armed
        ? 'built on the image'
        : 'named in the catalog; it never ran, so ACR does not know what it is built on',
    });
  }
  return builds;
}

async function tasksFor(
  session: KnownSession,
  rule: Image['dependents'],
  reference: string,
  wave: number,
): Promise<DependentTask[]> {
  const { dependents, catalog } = session.pipeline;
  const lists = rule.discover ? await Promise.all(catalog.registries.map((registry) => dependents.list(registry))) : [];
  const discovered = lists.flat().filter((task) => dependencyOn(task, reference) !== undefined);
  if (wave > 1) return discovered;
  const named = await Promise.all(rule.tasks.map(({ registry, task }) => dependents.get(registry, task)));
  return [...discovered, ...named.filter((task) => task !== undefined)];
}
