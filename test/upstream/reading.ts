import type { Upstream } from '../../src/lib/catalog/model.ts';
import { parseRepository, parseTag } from '../../src/lib/image/names.ts';
import type { UpstreamReader } from '../../src/lib/pipeline/ports.ts';
import { createUpstreamReader } from '../../src/lib/upstream/reader.ts';
import { parseUpstreamSettings } from '../../src/lib/upstream/settings.ts';
import type { Front, Rule } from './front.ts';

/** Time that a test sets. */
export class Clock {
  ms = Date.parse('2026-03-01T12:00:00Z');
  readonly now = () => this.ms;
}

/** A reader that speaks plain http to those fronts that have no TLS. */
export function readerFor(
  fronts: readonly Front[],
  settings: Readonly<Record<string, string>> = {},
  clock?: Clock,
): UpstreamReader {
  const plain = fronts.filter(({ origin }) => origin.startsWith('http:')).map(({ host }) => host);
  const azure = {
    readTag: () => Promise.reject(new Error('no registry of Azure is read here')),
    tags: () => Promise.reject(new Error('no registry of Azure is read here')),
  };
  return createUpstreamReader({
    settings: parseUpstreamSettings({ SLUICE_UPSTREAM_PLAIN_HTTP: plain.join(','), ...settings }),
    azure,
    ...(clock && { now: clock.now }),
  });
}

export function upstreamAt(front: Front, repository: string, credentials?: string): Upstream {
  return {
    kind: 'oci',
    host: front.host,
    repository: parseRepository(repository),
    ...(credentials && { credentials }),
  };
}

export const tag = parseTag;

/** Guards /v2/ with a bearer token of `realm`: every repository has a token of its own. */
export function bearerGuard(realm: () => string, service = 'test'): Rule {
  return ({ path, authorization }) => {
    const repository = /^\/v2\/(.+)\/(?:manifests|tags)\//.exec(path)?.[1];
    if (repository !== undefined && authorization === `Bearer token-for-${repository}`) return undefined;
    const scope = repository === undefined ? '' : `,scope="repository:${repository}:pull"`;
    const challenge = `Bearer realm="${realm()}",service="${service}"${scope}`;
    return { status: 401, headers: { 'www-authenticate': challenge } };
  };
}

/** Hands out the tokens that `bearerGuard` wants. */
export function tokenRule(expiresIn?: number): Rule {
  return ({ query }) => {
    const repository = /^repository:(.+):pull$/.exec(query.get('scope') ?? '')?.[1];
    const body = JSON.stringify({ token: `token-for-${repository}`, expires_in: expiresIn });
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  };
}
