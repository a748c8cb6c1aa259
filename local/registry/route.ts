import { type Answer, invalidName, notFound, refusal } from './errors.ts';
import { isDigest, isRepository, isTag } from './names.ts';

/** What a token must allow. */
export interface Access {
  readonly type: 'repository' | 'registry';
  readonly name: string;
  /** All of them are needed; `metadata_read` is also given to whoever may pull. */
  readonly actions: readonly string[];
}

export interface Target {
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

export type Route =
  | { readonly kind: 'exchange' | 'token' }
  /** To the real registry. Without access: any valid token will do. */
  | {
      readonly kind: 'distribution';
      readonly path: string;
      readonly access?: Access;
      readonly target?: Target;
      readonly object?: 'manifests' | 'blobs' | 'tags';
    }
  | {
      readonly kind: 'metadata';
      readonly resource: 'catalog' | 'repository' | 'tags' | 'tag' | 'manifests' | 'manifest';
      readonly access: Access;
      readonly target: Target;
    };

type Parsed = { readonly route: Route } | { readonly refused: Answer };

/** Reads method and path, and refuses every path that is not exactly one of the known ones. */
export function parseRoute(method: string, rawPath: string): Parsed {
  const path = decode(rawPath);
  if (path === undefined) return { refused: refusal(400, 'BAD_REQUEST', 'the path is not a valid percent-encoding') };
  if (path === '/oauth2/exchange') return { route: { kind: 'exchange' } };
  if (path === '/oauth2/token') return { route: { kind: 'token' } };
  if (path === '/v2' || path === '/v2/') return { route: { kind: 'distribution', path: '/v2/' } };
  if (path === '/v2/_catalog') return { route: { kind: 'distribution', path, access: catalogAccess } };
  const object = /^\/v2\/(.+)\/(manifests|blobs|tags)\/(.*)$/.exec(path);
  if (object) return parseDistribution(method, path, object);
  if (path === '/acr/v1/_catalog') {
    return { route: { kind: 'metadata', resource: 'catalog', access: catalogAccess, target: { repository: '' } } };
  }
  const metadata = /^\/acr\/v1\/([^_].*?)(?:\/_(tags|manifests)(?:\/([^/]+))?)?$/.exec(path);
  return metadata ? parseMetadata(method, metadata) : { refused: notFound(path) };
}

const catalogAccess: Access = { type: 'registry', name: 'catalog', actions: ['*'] };

function decode(rawPath: string): string | undefined {
  try {
    return rawPath.split('/').map(decodeURIComponent).join('/');
  } catch {
    return undefined;
  }
}

function parseDistribution(method: string, path: string, [, name = '', kind, rest = '']: RegExpExecArray): Parsed {
  if (!isRepository(name)) return { refused: invalidName(name) };
  const object = kind as 'manifests' | 'blobs' | 'tags';
  const target = distributionTarget(name, object, rest);
  if (!target) return { refused: invalidReference(object, rest) };
  const access: Access = { type: 'repository', name, actions: distributionActions(method, object) };
  return { route: { kind: 'distribution', path, access, target, object } };
}

function distributionTarget(repository: string, object: string, rest: string): Target | undefined {
  if (object === 'tags') return rest === 'list' ? { repository } : undefined;
  if (isDigest(rest)) return { repository, digest: rest };
  if (object === 'manifests') return isTag(rest) ? { repository, tag: rest } : undefined;
  return /^uploads\/[\w.=-]*$/.test(rest) ? { repository } : undefined;
}

function invalidReference(object: string, rest: string): Answer {
  if (object === 'manifests') return refusal(400, 'TAG_INVALID', 'manifest tag did not match URI', { reference: rest });
  if (object === 'blobs') return refusal(400, 'DIGEST_INVALID', 'provided digest is not valid', { digest: rest });
  return notFound(rest);
}

function distributionActions(method: string, object: string): string[] {
  if (object === 'tags') return ['metadata_read'];
  if (method === 'GET' || method === 'HEAD') return ['pull'];
  return method === 'DELETE' ? ['delete'] : ['pull', 'push'];
}

function parseMetadata(method: string, [, name = '', list, item]: RegExpExecArray): Parsed {
  if (!isRepository(name)) return { refused: invalidName(name) };
  const action = method === 'DELETE' ? 'delete' : method === 'PATCH' ? 'metadata_write' : 'metadata_read';
  const shared = { kind: 'metadata', access: { type: 'repository', name, actions: [action] } } as const;
  if (list === undefined) return { route: { ...shared, resource: 'repository', target: { repository: name } } };
  if (item === undefined) {
    const resource = list as 'tags' | 'manifests';
    return { route: { ...shared, resource, target: { repository: name } } };
  }
  if (list === 'tags') {
    if (!isTag(item)) return { refused: refusal(400, 'TAG_INVALID', 'invalid tag', { tag: item }) };
    return { route: { ...shared, resource: 'tag', target: { repository: name, tag: item } } };
  }
  if (!isDigest(item)) return { refused: refusal(400, 'DIGEST_INVALID', 'invalid digest', { digest: item }) };
  return { route: { ...shared, resource: 'manifest', target: { repository: name, digest: item } } };
}
