import type { Registry, Upstream } from '../catalog/model.ts';
import type { Repository, Tag } from '../image/names.ts';
import { explain, PortError } from '../pipeline/errors.ts';
import type { TagReading, UpstreamReader } from '../pipeline/ports.ts';
import type { Now } from './host-gate.ts';
import { originOf } from './hosts.ts';
import { TagLister } from './list-tags.ts';
import { OciClient } from './oci-client.ts';
import { readTag } from './read-tag.ts';
import type { UpstreamSettings } from './settings.ts';
import type { Target } from './target.ts';
import { Unavailable } from './unavailable.ts';

/** Reads tags of registries in Azure, by identity. */
export interface AzureTags {
  readTag(registry: Registry, repository: Repository, tag: Tag): Promise<TagReading>;
  /** Throws where the list cannot be had whole. */
  tags(registry: Registry, repository: Repository): Promise<readonly Tag[]>;
}

export interface UpstreamReaderOptions {
  readonly settings: UpstreamSettings;
  readonly azure: AzureTags;
  readonly now?: Now;
}

/** Reads upstream registries of any kind. What a registry does not say plainly is *unknown*, with the reason. */
export function createUpstreamReader({ settings, azure, now = Date.now }: UpstreamReaderOptions): UpstreamReader {
  const client = new OciClient(settings, now);
  const lister = new TagLister(client);
  const targetOf = (upstream: Extract<Upstream, { kind: 'oci' }>): Target => ({
    registry: new URL(originOf(upstream.host, settings.plainHttp)),
    repository: upstream.repository,
    credentials: upstream.credentials,
  });
  return {
    async read(upstream, tag) {
      if (upstream.kind === 'acr') return azure.readTag(upstream.registry, upstream.repository, tag);
      return readTag(client, targetOf(upstream), tag).catch(unknown);
    },
    async tags(upstream) {
      try {
        const tags =
          upstream.kind === 'acr'
            ? await azure.tags(upstream.registry, upstream.repository)
            : await lister.list(targetOf(upstream));
        return { kind: 'found', tags };
      } catch (error) {
        return unknown(error);
      }
    },
  };
}

/** Only a registry's own trouble is an answer; anything else is a fault of ours and must be seen. */
function unknown(error: unknown): { readonly kind: 'unknown'; readonly why: string } {
  if (error instanceof Unavailable || error instanceof PortError) return { kind: 'unknown', why: explain(error) };
  throw error;
}
