import { stringify } from 'yaml';
import type { BaseImageDependency } from '../../contracts.ts';
import { DOCKER_HUB, DOCKER_HUB_RECORDED, type ImageName } from '../images/name.ts';
import type { BaseImage, BuildRecord, Run } from '../run-context.ts';

/** The block that ends the log of a run that built something, as YAML; undefined where nothing was built. */
export function dependencyBlock(run: Run): string | undefined {
  const entries = run.builds.flatMap((build) =>
    build.tags.map((tag) => ({
      image: describe({ name: tag, digest: pushedDigest(run, tag) }),
      'runtime-dependency': describe(build.runtime),
      ...(build.buildTime.length > 0 ? { 'buildtime-dependency': build.buildTime.map(describe) } : {}),
      git: run.job.commit === undefined ? {} : { 'git-head-revision': run.job.commit },
    })),
  );
  return entries.length === 0 ? undefined : stringify(entries, { lineWidth: 0, indentSeq: false });
}

/** The base images of all builds, each once: what `step.baseImageDependencies` of the task is made from. */
export function baseImageDependencies(builds: readonly BuildRecord[]): BaseImageDependency[] {
  const found = builds.flatMap((build) => [
    ...dependency('Runtime', build.runtime),
    ...build.buildTime.flatMap((base) => dependency('BuildTime', base)),
  ]);
  return [...new Map(found.map((entry) => [JSON.stringify(entry), entry])).values()];
}

function dependency(type: BaseImageDependency['type'], base: BaseImage): BaseImageDependency[] {
  // Scratch is no image, and one that was only built in this run is in no registry.
  if (base.name === 'scratch' || base.digest === '') return [];
  const { repository, tag = '' } = base.name;
  return [{ type, registry: recordedRegistry(base.name), repository, tag, digest: base.digest }];
}

function describe(base: BaseImage): Record<string, string> {
  if (base.name === 'scratch') return { registry: DOCKER_HUB_RECORDED, repository: 'library/scratch', tag: 'latest' };
  const { repository, tag } = base.name;
  return {
    registry: recordedRegistry(base.name),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(base.digest === '' ? {} : { digest: base.digest }),
  };
}

function recordedRegistry(name: ImageName): string {
  return name.registry === DOCKER_HUB ? DOCKER_HUB_RECORDED : name.registry;
}

function pushedDigest(run: Run, name: ImageName): string {
  const pushed = run.pushed.findLast(
    (image) => image.registry === name.registry && image.repository === name.repository && image.tag === name.tag,
  );
  return pushed?.digest ?? '';
}
