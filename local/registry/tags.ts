import { type Answer, disallowed, unknownRepository, unknownTag } from './errors.ts';
import type { MetadataContext, MetadataRequest } from './metadata.ts';
import { cutByName, cutByTime, nextLink, type Page, parsePage } from './paging.ts';
import type { Target } from './route.ts';
import { isoTime, type TagRecord } from './store.ts';

export async function listTags(
  context: MetadataContext,
  { repository }: Target,
  { query }: MetadataRequest,
): Promise<Answer> {
  const parsed = parsePage(query);
  if ('refused' in parsed) return parsed.refused;
  const { page } = parsed;
  const names = await context.store.tagNames(repository);
  if (!names) return unknownRepository(repository);
  const shown = names.filter((tag) => context.attributes.of({ repository, tag }).listEnabled);
  const { items, more } = await cut(context, repository, shown, page, query.get('digest'));
  const last = items.at(-1);
  const path = `/acr/v1/${encodeURIComponent(repository)}/_tags`;
  return {
    status: 200,
    body: {
      registry: context.loginServer,
      imageName: repository,
      tags: items.map((record) => tagBody(context, repository, record)),
    },
    headers: more && last ? { link: nextLink(path, query, page, last) } : {},
  };
}

/** By name, only the page's own tags are read from disk; another order or a digest needs them all. */
async function cut(
  context: MetadataContext,
  repository: string,
  names: readonly string[],
  page: Page,
  digest: string | null,
): Promise<{ items: TagRecord[]; more: boolean }> {
  if (page.order === 'name' && !digest) {
    const { items, more } = cutByName(names, page);
    return { items: await context.store.tags(repository, items), more };
  }
  const all = (await context.store.tags(repository, names)).filter((tag) => !digest || tag.digest === digest);
  if (page.order !== 'name') return cutByTime(all, page);
  const byName = new Map(all.map((tag) => [tag.name, tag]));
  const { items, more } = cutByName([...byName.keys()], page);
  return { items: items.map((name) => byName.get(name)).filter((tag) => tag !== undefined), more };
}

export async function getTag(context: MetadataContext, { repository, tag = '' }: Target): Promise<Answer> {
  const record = await context.store.tag(repository, tag);
  if (!record) {
    const known = await context.store.tagNames(repository);
    return known ? unknownTag(repository, tag) : unknownRepository(repository);
  }
  const body = { registry: context.loginServer, imageName: repository, tag: tagBody(context, repository, record) };
  return { status: 200, body };
}

/** Removes the name alone: the manifest stays, and no event is raised. */
export async function deleteTag(context: MetadataContext, target: Target): Promise<Answer> {
  const { repository, tag = '' } = target;
  const { store, attributes } = context;
  const record = await store.tag(repository, tag);
  if (!record) return unknownTag(repository, tag);
  if (!attributes.allows(target, 'deleteEnabled') || !attributes.allows(target, 'writeEnabled')) return disallowed();
  if (!(await store.removeTag(repository, tag))) return unknownTag(repository, tag);
  await attributes.forget(target);
  return { status: 202 };
}

function tagBody({ attributes }: MetadataContext, repository: string, record: TagRecord) {
  return {
    name: record.name,
    digest: record.digest,
    createdTime: isoTime(record.created),
    lastUpdateTime: isoTime(record.updated),
    signed: false,
    changeableAttributes: attributes.of({ repository, tag: record.name }),
  };
}
