import { type Digest, parseDigest } from './digest.ts';
import { InvalidImageName } from './error.ts';
import { parseRepository, parseTag, type Repository, type Tag } from './names.ts';

/** An image in a registry. `registry` is a host with an optional port, `docker.io` for Docker Hub. */
export interface Reference {
  readonly registry: string;
  readonly repository: Repository;
  readonly tag?: Tag;
  readonly digest?: Digest;
}

/*
 * The grammar of distribution/reference:
 *   reference ::= name [ ":" tag ] [ "@" digest ]
 *   name      ::= [ domain "/" ] path
 *   domain    ::= host [ ":" port ]
 *   host      ::= domain-name | IPv4 | "[" IPv6 "]"
 * The first segment is a domain only where it holds "." or ":", or is "localhost"; else the name is Docker Hub's, and
 * one of a single segment stands in "library/".
 */
const hostLabel = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(`^(?:${hostLabel}(?:\\.${hostLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`);
const dockerHub = 'docker.io';
const dockerHubAliases = new Set(['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);

/** A host name, IPv4 address or bracketed IPv6 address, with an optional port. */
export function isRegistryHost(text: string): boolean {
  return domainPattern.test(text);
}

/** Whether the first segment of a name would be read as a registry's host. */
export function looksLikeRegistryHost(segment: string): boolean {
  return segment.includes('.') || segment.includes(':') || segment === 'localhost';
}

/** One name for each registry: Docker Hub has several hosts, and ARM reports it as `registry.hub.docker.com`. */
export function canonicalRegistry(host: string): string {
  const lower = host.toLowerCase();
  return dockerHubAliases.has(lower) ? dockerHub : lower;
}

export function parseReference(text: string): Reference {
  const [name, digest] = splitDigest(text);
  const [path, tag] = splitTag(name);
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  const hasHost = looksLikeRegistryHost(first);
  if (hasHost && !isRegistryHost(first)) {
    throw new InvalidImageName('image reference', text, `a registry's host before the first /, not ${first}`);
  }
  const registry = hasHost ? canonicalRegistry(first) : dockerHub;
  const rest = hasHost ? path.slice(slash + 1) : path;
  const official = registry === dockerHub && !rest.includes('/');
  return {
    registry,
    repository: parseRepository(official ? `library/${rest}` : rest),
    ...(tag === undefined ? {} : { tag: parseTag(tag) }),
    ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
  };
}

function splitDigest(text: string): [name: string, digest: string | undefined] {
  const at = text.indexOf('@');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function splitTag(name: string): [path: string, tag: string | undefined] {
  const colon = name.lastIndexOf(':');
  // A colon before the last slash belongs to the port.
  return colon > name.lastIndexOf('/') ? [name.slice(0, colon), name.slice(colon + 1)] : [name, undefined];
}
