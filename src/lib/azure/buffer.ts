import type { Registry } from '../catalog/model.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { isTag, type Repository, type Tag } from '../image/names.ts';
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
      return { kind: 'unknown', why: portError(error, 'read tag', `${loginServer}/${repository}:${tag}`).message };
    }
  }

  /** Those moved last first. An unknown repository has none. */
  async *tagsByTime({ loginServer }: Registry, repository: Repository): AsyncIterable<readonly ListedTag[]> {
    try {
      const options = { order: 'LastUpdatedOnDescending', abortSignal: within('list') } as const;
      const pages = await this.#clients.tags(loginServer, repository, async (client) => {
        // The tag that names the artifact plays no part: all tags of its repository are listed.
        const iterator = client.getArtifact(repository, 'latest').listTagProperties(options).byPage({
          maxPageSize: pageSize,
        });
        return { first: await iterator.next(), iterator };
      });
      for (let page = pages.first; !page.done; page = await pages.iterator.next()) {
        yield page.value.flatMap(listed);
      }
    } catch (error) {
      if (failureOf(error).status !== 404) throw portError(error, 'list tags of', `${loginServer}/${repository}`);
    }
  }

  async tags(registry: Registry, repository: Repository): Promise<readonly Tag[]> {
    const tags: Tag[] = [];
    for await (const page of this.tagsByTime(registry, repository)) tags.push(...page.map(({ tag }) => tag));
    return tags;
  }
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
