/**
 * Image references as Docker reads them (distribution/reference):
 *   reference := [host '/'] path [':' tag] ['@' digest]
 * where the part before the first slash is a host only if it has a dot, a colon, or is "localhost".
 */
export interface ImageName {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export const DOCKER_HUB = 'docker.io';
/** How ACR's records write Docker Hub. */
export const DOCKER_HUB_RECORDED = 'registry.hub.docker.com';

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const HOST = /^(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;

/** Undefined for what is no reference. Names without a host are Docker Hub's, or `home`'s where that is given. */
export function parseImageName(text: string, home = DOCKER_HUB): ImageName | undefined {
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const hosted = first === 'localhost' || /[.:[]/.test(first);
  const rest = hosted ? named.slice(slash + 1) : named;
  const colon = rest.indexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const registry = hosted ? first : home;
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  if (!HOST.test(registry) || !REPOSITORY.test(repository) || (tag !== undefined && !TAG.test(tag))) return undefined;
  return { registry, repository, tag: tag ?? (digest ? undefined : 'latest'), digest };
}

/** `host/repository:tag` or `host/repository@digest`. */
export function formatImageName(name: ImageName): string {
  const tag = name.tag === undefined ? '' : `:${name.tag}`;
  return `${repositoryOf(name)}${tag}${name.digest ? `@${name.digest}` : ''}`;
}

/** `host/repository`. */
export function repositoryOf(name: ImageName): string {
  return `${name.registry}/${name.repository}`;
}

/** The name pinned to a digest: what a pull and a FROM use. */
export function pinned(name: ImageName, digest: string): string {
  return `${repositoryOf(name)}@${digest}`;
}
