import { type Answer, unknownManifest, unknownRepository } from './errors.ts';
import type { MetadataContext, MetadataRequest } from './metadata.ts';
import { cutByName, cutByTime, nextLink, type Page, parsePage } from './paging.ts';
import type { Target } from './route.ts';
import { isoTime, type ManifestRecord } from './store.ts';

type Named = ManifestRecord & { readonly name: string };

export async function listManifests(
  context: MetadataContext,
  { repository }: Target,
  { query }: MetadataRequest,
): Promise<Answer> {
  const parsed = parsePage(query);
  if ('refused' in parsed) return parsed.refused;
  const digests = await context.store.manifestDigests(repository);
  if (!digests) return unknownRepository(repository);
  const shown = digests.filter((digest) => context.attributes.of({ repository, digest }).listEnabled);
  const { items, more } = await cut(context, repository, shown, parsed.page);
  const tags = await tagsByDigest(context, repository);
  const last = items.at(-1);
  const path = `/acr/v1/${encodeURIComponent(repository)}/_manifests`;
  return {
    status: 200,
    body: {
      registry: context.loginServer,
      imageName: repository,
      manifests: await Promise.all(items.map((record) => manifestBody(context, repository, record, tags))),
    },
    headers: more && last ? { link: nextLink(path, query, parsed.page, last) } : {},
  };
}

async function cut(context: MetadataContext, repository: string, digests: readonly string[], page: Page) {
  const read = async (digest: string): Promise<Named | undefined> => {
    const record = await context.store.manifest(repository, digest);
    return record && { ...record, name: digest };
  };
  const present = async (all: readonly string[]) =>
    (await Promise.all(all.map(read))).filter((record) => record !== undefined);
  if (page.order !== 'name') return cutByTime(await present(digests), page);
  const { items, more } = cutByName(digests, page);
  return { items: await present(items), more };
}

export async function getManifest(context: MetadataContext, { repository, digest = '' }: Target): Promise<Answer> {
  const record = await context.store.manifest(repository, digest);
  if (!record) {
    const known = await context.store.manifestDigests(repository);
    return known ? unknownManifest(repository, digest) : unknownRepository(repository);
  }
  const body = await manifestBody(context, repository, record, await tagsByDigest(context, repository));
  const info = await context.describe(digest);
  const manifest = info?.references ? { ...body, references: info.references } : body;
  return { status: 200, body: { registry: context.loginServer, imageName: repository, manifest } };
}

async function tagsByDigest({ store }: MetadataContext, repository: string): Promise<Map<string, string[]>> {
  const tags = await store.tags(repository, ((await store.tagNames(repository)) ?? []).sort());
  const byDigest = new Map<string, string[]>();
  for (const { name, digest } of tags) byDigest.set(digest, [...(byDigest.get(digest) ?? []), name]);
  return byDigest;
}

async function manifestBody(
  context: MetadataContext,
  repository: string,
  record: ManifestRecord,
  tags: ReadonlyMap<string, string[]>,
) {
  const { digest } = record;
  const info = await context.describe(digest);
  const named = tags.get(digest);
  return {
    digest,
    imageSize: info?.imageSize ?? 0,
    createdTime: isoTime(record.created),
    lastUpdateTime: isoTime(record.updated),
    ...(info?.architecture ? { architecture: info.architecture } : {}),
    ...(info?.os ? { os: info.os } : {}),
    ...(info ? { mediaType: info.mediaType } : {}),
    ...(info?.configMediaType ? { configMediaType: info.configMediaType } : {}),
    ...(named ? { tags: named } : {}),
    changeableAttributes: context.attributes.of({ repository, digest }),
  };
}
