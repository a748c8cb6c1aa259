import type { LocalRegistry } from '../contracts.ts';
import type { ManifestInfo } from './manifest-info.ts';
import type { Store } from './store.ts';

export interface TagView {
  readonly name: string;
  readonly digest: string;
  readonly updated: Date;
  readonly mediaType: string;
  /** `linux/amd64`; several for an index, none for what is no image. */
  readonly platforms: readonly string[];
  /** Bytes, of all platforms. */
  readonly size: number;
}

export interface RepositoryView {
  readonly name: string;
  /** The last pushed first. */
  readonly tags: readonly TagView[];
  /** How many manifests no tag names: parts of an index, and what tags have left behind. */
  readonly untagged: number;
}

/** What this process shows of a registry without going through HTTP. */
export interface RegistryView {
  repositories(): Promise<RepositoryView[]>;
}

export interface ViewedRegistry extends LocalRegistry {
  readonly view: RegistryView;
}

export function createView(
  store: Store,
  describe: (digest: string) => Promise<ManifestInfo | undefined>,
): RegistryView {
  async function repository(name: string): Promise<RepositoryView> {
    const [names = [], digests = []] = await Promise.all([store.tagNames(name), store.manifestDigests(name)]);
    const records = await store.tags(name, names);
    const tags = await Promise.all(
      records.map(async (record): Promise<TagView> => {
        const info = await describe(record.digest);
        return {
          name: record.name,
          digest: record.digest,
          updated: new Date(Number(record.updated / 1_000_000n)),
          mediaType: info?.mediaType ?? '',
          platforms: info ? platformsOf(info) : [],
          size: info?.imageSize ?? 0,
        };
      }),
    );
    const tagged = new Set(records.map(({ digest }) => digest));
    return {
      name,
      tags: tags.sort((a, b) => b.updated.getTime() - a.updated.getTime() || a.name.localeCompare(b.name)),
      untagged: digests.filter((digest) => !tagged.has(digest)).length,
    };
  }
  return { repositories: async () => Promise.all((await store.repositories()).map(repository)) };
}

function platformsOf({ references, os, architecture }: ManifestInfo): string[] {
  const all = references ?? [{ os, architecture }];
  return all.flatMap((one) => (one.os && one.architecture ? [`${one.os}/${one.architecture}`] : []));
}
