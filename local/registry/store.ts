import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Nanoseconds since 1970. */
export type Nanoseconds = bigint;

interface Dated {
  readonly created: Nanoseconds;
  /** Of the last push, also of one that changed nothing. */
  readonly updated: Nanoseconds;
}
export interface TagRecord extends Dated {
  readonly name: string;
  readonly digest: string;
}
export interface ManifestRecord extends Dated {
  readonly digest: string;
}

/**
 * Reads the storage of docker-registry's filesystem driver, which knows what its API does not say: when tags and
 * manifests came and were last pushed. Nothing is kept twice. The layout, with `root` at `docker/registry/v2`:
 *   repositories/<name>/_manifests/tags/<tag>/current/link          "sha256:…", rewritten by every push of the tag
 *   repositories/<name>/_manifests/revisions/sha256/<hex>/link      "sha256:…"
 *   blobs/sha256/<first two>/<hex>/data
 */
export interface Store {
  /** In the order of their names. */
  repositories(): Promise<string[]>;
  /** Undefined where there is no such repository. */
  tagNames(repository: string): Promise<string[] | undefined>;
  tag(repository: string, name: string): Promise<TagRecord | undefined>;
  tags(repository: string, names: readonly string[]): Promise<TagRecord[]>;
  manifestDigests(repository: string): Promise<string[] | undefined>;
  manifest(repository: string, digest: string): Promise<ManifestRecord | undefined>;
  blob(digest: string): Promise<Buffer | undefined>;
  /** False where there was none. */
  removeTag(repository: string, name: string): Promise<boolean>;
  removeRepository(repository: string): Promise<void>;
}

export function createStore(root: string, trash: string): Store {
  const repositoryFolder = (name: string) => join(root, 'repositories', name);
  const tagsFolder = (name: string) => join(repositoryFolder(name), '_manifests', 'tags');
  const revisions = (name: string) => join(repositoryFolder(name), '_manifests', 'revisions', 'sha256');

  async function exists(repository: string): Promise<boolean> {
    return (await linked(revisions(repository))).length > 0;
  }

  async function tag(repository: string, name: string): Promise<TagRecord | undefined> {
    const folder = join(tagsFolder(repository), name);
    const link = await readLink(join(folder, 'current', 'link'));
    return link && { name, digest: link.digest, created: await born(folder, link.written), updated: link.written };
  }

  /** A rename is seen at once or not at all; a folder that is being removed would be seen half empty. */
  async function discard(folder: string): Promise<boolean> {
    const grave = join(trash, randomUUID());
    await mkdir(trash, { recursive: true });
    const there = await rename(folder, grave).then(
      () => true,
      () => false,
    );
    await rm(grave, { recursive: true, force: true });
    return there;
  }

  return {
    repositories: async () => {
      const names = await findRepositories(join(root, 'repositories'), '');
      const present = await Promise.all(names.map(exists));
      return names.filter((_, index) => present[index]).sort();
    },
    tagNames: async (repository) => ((await exists(repository)) ? list(tagsFolder(repository)) : undefined),
    tag,
    tags: async (repository, names) => {
      const found = await Promise.all(names.map((name) => tag(repository, name)));
      return found.filter((record) => record !== undefined);
    },
    manifestDigests: async (repository) => {
      const digests = await linked(revisions(repository));
      return digests.length > 0 ? digests : undefined;
    },
    manifest: async (repository, digest) => {
      const folder = join(revisions(repository), hex(digest));
      const link = await readLink(join(folder, 'link'));
      return link && { digest, created: await born(folder, link.written), updated: link.written };
    },
    blob: (digest) =>
      readFile(join(root, 'blobs', 'sha256', hex(digest).slice(0, 2), hex(digest), 'data')).catch(() => undefined),
    removeTag: (repository, name) => discard(join(tagsFolder(repository), name)),
    removeRepository: async (repository) => {
      for (const part of ['_manifests', '_layers', '_uploads']) await discard(join(repositoryFolder(repository), part));
    },
  };
}

const hex = (digest: string) => digest.slice('sha256:'.length);

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** A deleted manifest may leave its folder behind, without the link. */
async function linked(folder: string): Promise<string[]> {
  const names = await list(folder);
  const links = await Promise.all(names.map((name) => stat(join(folder, name, 'link')).catch(() => undefined)));
  return names.filter((_, index) => links[index]).map((name) => `sha256:${name}`);
}

/** How long, in milliseconds, a registry may be between emptying a link and writing it, on a busy machine. */
const rewriting = 2000;

/** docker-registry empties a link before it writes it anew, so an empty one is read again. */
async function readLink(file: string): Promise<{ digest: string; written: Nanoseconds } | undefined> {
  const deadline = performance.now() + rewriting;
  do {
    try {
      const digest = await readFile(file, 'utf8');
      const { mtimeNs } = await stat(file, { bigint: true });
      if (digest.startsWith('sha256:')) return { digest, written: mtimeNs };
    } catch {
      return undefined;
    }
    await delay(1);
  } while (performance.now() < deadline);
  return undefined;
}

/** Some file systems do not record when a file was born; then the last push is the best that is known. */
async function born(folder: string, updated: Nanoseconds): Promise<Nanoseconds> {
  const info = await stat(folder, { bigint: true }).catch(() => undefined);
  return info && info.birthtimeNs > 0n && info.birthtimeNs < updated ? info.birthtimeNs : updated;
}

async function findRepositories(folder: string, prefix: string): Promise<string[]> {
  const names = await list(folder);
  const own = names.includes('_manifests') ? [prefix] : [];
  const nested = names
    .filter((name) => !name.startsWith('_'))
    .map((name) => findRepositories(join(folder, name), prefix === '' ? name : `${prefix}/${name}`));
  return [...own, ...(await Promise.all(nested)).flat()];
}

/** ISO 8601 with ACR's seven decimals: `2021-04-02T22:02:51.7577005Z`. */
export function isoTime(time: Nanoseconds): string {
  const seconds = new Date(Number(time / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String((time % 1_000_000_000n) / 100n).padStart(7, '0')}Z`;
}
