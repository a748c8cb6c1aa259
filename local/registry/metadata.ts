import { type Attributes, attributesSchema } from './attributes.ts';
import { type Answer, disallowed, methodNotAllowed, refusal, unknownRepository } from './errors.ts';
import type { ManifestInfo } from './manifest-info.ts';
import { getManifest, listManifests } from './manifests.ts';
import { cutByName, nextLink, parsePage } from './paging.ts';
import type { Route, Target } from './route.ts';
import { isoTime, type Store } from './store.ts';
import { deleteTag, getTag, listTags } from './tags.ts';

export interface MetadataContext {
  readonly loginServer: string;
  readonly store: Store;
  readonly attributes: Attributes;
  readonly describe: (digest: string) => Promise<ManifestInfo | undefined>;
  /** Deletes a manifest through the real registry, so that it forgets it too. False where there was none. */
  readonly deleteManifest: (repository: string, digest: string) => Promise<boolean>;
}

export interface MetadataRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

type MetadataRoute = Extract<Route, { kind: 'metadata' }>;
type Handler = (context: MetadataContext, target: Target, request: MetadataRequest) => Promise<Answer>;

const handlers: Record<MetadataRoute['resource'], Partial<Record<string, Handler>>> = {
  catalog: { GET: listRepositories },
  repository: { GET: getRepository, PATCH: changeAttributes, DELETE: deleteRepository },
  tags: { GET: listTags },
  tag: { GET: getTag, PATCH: changeAttributes, DELETE: deleteTag },
  manifests: { GET: listManifests },
  manifest: { GET: getManifest, PATCH: changeAttributes },
};

/** ACR's `/acr/v1/…`. */
export function answerMetadata(context: MetadataContext, route: MetadataRoute, request: MetadataRequest) {
  const handler = handlers[route.resource][request.method];
  return handler ? handler(context, route.target, request) : Promise.resolve(methodNotAllowed(request.method));
}

async function listRepositories(context: MetadataContext, _: Target, { query }: MetadataRequest): Promise<Answer> {
  const parsed = parsePage(query);
  if ('refused' in parsed) return parsed.refused;
  const names = await context.store.repositories();
  const shown = names.filter((repository) => context.attributes.of({ repository }).listEnabled);
  const { items, more } = cutByName(shown, parsed.page);
  const last = items.at(-1);
  const headers = more && last ? { link: nextLink('/acr/v1/_catalog', query, parsed.page, last) } : {};
  return { status: 200, body: { repositories: items }, headers };
}

async function getRepository(context: MetadataContext, target: Target): Promise<Answer> {
  const { store, loginServer, attributes } = context;
  const { repository } = target;
  const [digests, tagNames] = await Promise.all([store.manifestDigests(repository), store.tagNames(repository)]);
  if (!digests || !tagNames) return unknownRepository(repository);
  const records = await Promise.all(digests.map((digest) => store.manifest(repository, digest)));
  const tags = await store.tags(repository, tagNames);
  const known = [...records.filter((record) => record !== undefined), ...tags];
  const created = known.map((record) => record.created).reduce((a, b) => (a < b ? a : b));
  const updated = known.map((record) => record.updated).reduce((a, b) => (a > b ? a : b));
  return {
    status: 200,
    body: {
      registry: loginServer,
      imageName: repository,
      createdTime: isoTime(created),
      lastUpdateTime: isoTime(updated),
      manifestCount: digests.length,
      tagCount: tagNames.length,
      changeableAttributes: { ...attributes.of(target), teleportEnabled: false },
    },
  };
}

async function deleteRepository(context: MetadataContext, { repository }: Target): Promise<Answer> {
  const { store, attributes } = context;
  const [digests, tagNames] = await Promise.all([store.manifestDigests(repository), store.tagNames(repository)]);
  if (!digests || !tagNames) return unknownRepository(repository);
  const targets = [
    ...digests.map((digest) => ({ repository, digest })),
    ...tagNames.map((tag) => ({ repository, tag })),
    { repository },
  ];
  const deletable = (target: Target) =>
    attributes.allows(target, 'deleteEnabled') && attributes.allows(target, 'writeEnabled');
  if (!targets.every(deletable)) return disallowed();
  for (const digest of digests) await context.deleteManifest(repository, digest);
  await store.removeRepository(repository);
  await attributes.forget({ repository });
  return { status: 202, body: { manifestsDeleted: digests, tagsDeleted: tagNames } };
}

const changes = attributesSchema.partial();

/** PATCH of a repository, a tag or a manifest: the attributes given change, and the whole resource comes back. */
async function changeAttributes(context: MetadataContext, target: Target, request: MetadataRequest): Promise<Answer> {
  const parsed = changes.safeParse(parseJson(request.body));
  if (!parsed.success) {
    const why = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    return refusal(400, 'BAD_REQUEST', `the body is not a set of changeable attributes: ${why}`);
  }
  const read = target.tag !== undefined ? getTag : target.digest !== undefined ? getManifest : getRepository;
  const before = await read(context, target);
  if (before.status !== 200) return before;
  const given = Object.entries(parsed.data).filter(([, value]) => value !== undefined);
  await context.attributes.change(target, Object.fromEntries(given));
  return read(context, target);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
