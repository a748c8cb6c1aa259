import type { Registry } from '../catalog/model.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { isTag, type Repository, type Tag } from '../image/names.ts';
import type { PortError } from '../pipeline/errors.ts';
import { explain } from '../pipeline/errors.ts';
import type { BufferReader, BufferReading, ListedTag, TagRemover } from '../pipeline/ports.ts';
import { within } from './deadlines.ts';
import { failureOf, portError } from './errors.ts';
import type { RegistryClients } from './registry-clients.ts';

/** What the service is asked for at once; its own limit is 100 by default. */
const pageSize = 100;

/** Reads tags of any registry in Azure. */
export class AzureTagReader {
  readonly #clients: RegistryClients;

  constructor(clients: RegistryClients) {
    this.#clients = clients;
  }

  /** One request. Whatever keeps it from being answered is *unknown*. */
  async readTag({ loginServer }: Registry, repository: Repository, tag: Tag): Promise<BufferReading> {
    try {
      const found = await this.#clients.tags(loginServer, repository, (client) =>
        client.getArtifact(repository, tag).getTagProperties(tag, { abortSignal: within('read') }),
      );
      if (!isDigest(found.digest)) {
        return { kind: 'unknown', why: `${loginServer} answered with ${JSON.stringify(found.digest)} for a digest` };
      }
      return { kind: 'found', digest: found.digest, at: found.lastUpdatedOn.getTime() };
    } catch (error) {
      if (failureOf(error).status === 404) return { kind: 'absent' };
      return { kind: 'unknown', why: explain(portError(error, 'read tag', `${loginServer}/${repository}:${tag}`)) };
    }
  }

  /** Those moved last first. An unknown repository has none. */
  async *tagsByTime(registry: Registry, repository: Repository): AsyncIterable<readonly ListedTag[]> {
    try {
      yield* this.#pages(registry, repository);
    } catch (error) {
      if (failureOf(error).status !== 404) throw failedList(error, registry, repository);
    }
  }

  /** Throws where the list cannot be had whole, and where there is no such repository: its name may be wrong. */
  async tags(registry: Registry, repository: Repository): Promise<readonly Tag[]> {
    const tags: Tag[] = [];
    try {
      for await (const page of this.#pages(registry, repository)) tags.push(...page.map(({ tag }) => tag));
    } catch (error) {
      throw failedList(error, registry, repository);
    }
    return tags;
  }

  /** Each page is asked for by itself, within a deadline of its own: what its reader does meanwhile may take long. */
  async *#pages({ loginServer }: Registry, repository: Repository): AsyncIterable<readonly ListedTag[]> {
    let from: { readonly continuationToken?: string } = {};
    do {
      const page = await this.#clients.tags(loginServer, repository, (client) => {
        const options = { order: 'LastUpdatedOnDescending', abortSignal: within('read') } as const;
        // The tag that names the artifact plays no part: all tags of its repository are listed.
        const pages = client.getArtifact(repository, 'latest').listTagProperties(options);
        return pages.byPage({ maxPageSize: pageSize, ...from }).next();
      });
      if (page.done) return;
      yield page.value.flatMap(listed);
      const { continuationToken } = page.value as { continuationToken?: string };
      from = continuationToken === undefined ? {} : { continuationToken };
    } while (from.continuationToken !== undefined);
  }
}

function failedList(error: unknown, { loginServer }: Registry, repository: Repository): PortError {
  return portError(error, 'list tags of', `${loginServer}/${repository}`);
}

function listed(found: { name: string; digest: string; lastUpdatedOn: Date }): ListedTag[] {
  if (!isTag(found.name) || !isDigest(found.digest)) return [];
  return [{ tag: found.name, digest: found.digest as Digest, at: found.lastUpdatedOn.getTime() }];
}

export function createBufferReader(reader: AzureTagReader, buffer: Registry): BufferReader {
  return {
    readTag: (repository, tag) => reader.readTag(buffer, repository, tag),
    tagsByTime: (repository) => reader.tagsByTime(buffer, repository),
  };
}

export function createTagRemover(clients: RegistryClients, { loginServer }: Registry): TagRemover {
  return {
    async removeTag(repository, tag) {
      try {
        await clients.tags(loginServer, repository, (client) =>
          client.getArtifact(repository, tag).deleteTag(tag, { abortSignal: within('write') }),
        );
      } catch (error) {
        if (failureOf(error).status === 404) return;
        throw portError(error, 'remove tag', `${loginServer}/${repository}:${tag}`);
      }
    },
  };
}
