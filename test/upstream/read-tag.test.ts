import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseRepository, parseTag } from '../../src/lib/image/names.ts';
import type { OciClient } from '../../src/lib/upstream/oci-client.ts';
import { readTag } from '../../src/lib/upstream/read-tag.ts';
import { type RealRegistry, startRealRegistry } from './backend.ts';
import { type Front, type Rule, startFront } from './front.ts';
import { readerFor, tag, upstreamAt } from './reading.ts';

let registry: RealRegistry;
const open: Front[] = [];

beforeAll(async () => {
  registry = await startRealRegistry();
});
afterAll(() => registry.close());
afterEach(async () => {
  for (const front of open.splice(0)) await front.close();
});

async function front(rule?: Rule): Promise<Front> {
  const started = await startFront({ backend: registry.port, ...(rule && { rule }) });
  open.push(started);
  return started;
}

const read = (at: Front, repository = 'app', name = 'one') =>
  readerFor([at]).read(upstreamAt(at, repository), tag(name));

describe('a tag of a real registry', () => {
  it('is read with one HEAD, and no body', async () => {
    const digest = await registry.push('app', 'one');
    const at = await front();
    expect(await read(at)).toEqual({ kind: 'found', digest });
    expect(at.count('HEAD', /manifests/)).toBe(1);
    expect(at.count('GET', /manifests/)).toBe(0);
  });

  it('is absent where the registry says so, for tag and repository alike', async () => {
    const at = await front();
    expect(await read(at, 'app', 'nowhere')).toEqual({ kind: 'absent' });
    expect(await read(at, 'nowhere', 'one')).toEqual({ kind: 'absent' });
  });

  it('is absent only where a GET of the manifest confirms it, sent once', async () => {
    const at = await front();
    expect(await read(at, 'app', 'nowhere')).toEqual({ kind: 'absent' });
    expect(at.count('HEAD', /manifests/)).toBe(1);
    expect(at.count('GET', /manifests/)).toBe(1);
    const busy = await front(({ method, path }) => {
      if (path === '/v2/') return { status: 200 };
      return method === 'HEAD' ? { status: 404 } : { status: 502 };
    });
    expect(await read(busy)).toMatchObject({ kind: 'unknown', why: expect.stringContaining('502') });
  });

  it('is hashed from its bytes where the registry omits the digest', async () => {
    const digest = await registry.push('app', 'one');
    const at = await front(({ method }) =>
      method === 'HEAD' ? { status: 200, headers: { 'content-length': '10' } } : undefined,
    );
    expect(await read(at)).toEqual({ kind: 'found', digest });
  });

  it.each([404, 405, 501])('is read by GET where the registry knows no HEAD and answers %i', async (status) => {
    const digest = await registry.push('app', 'one');
    const at = await front(({ method }) => (method === 'HEAD' ? { status } : undefined));
    expect(await read(at)).toEqual({ kind: 'found', digest });
  });

  it.each([
    ['https://registry-1.docker.io', ['HEAD']],
    ['https://ghcr.io', ['HEAD', 'GET']],
  ])('is gone by HEAD alone where a GET counts against a limit: %s', async (origin, methods) => {
    const asked: string[] = [];
    const client = {
      send: async (_target: unknown, { method }: { readonly method: string }) => {
        asked.push(method);
        return { status: 404, headers: new Headers(), body: Buffer.alloc(0) };
      },
    };
    const target = { registry: new URL(origin), repository: parseRepository('library/node'), credentials: undefined };
    expect(await readTag(client as unknown as OciClient, target, parseTag('9'))).toEqual({ kind: 'absent' });
    expect(asked).toEqual(methods);
  });

  it('asks for indexes, so that a multi-arch image is one digest', async () => {
    const at = await front();
    await read(at);
    const accept = at.seen.find(({ method }) => method === 'HEAD')?.headers.accept;
    expect(accept).toContain('application/vnd.oci.image.index.v1+json');
    expect(accept).toContain('application/vnd.docker.distribution.manifest.list.v2+json');
  });
});

describe('an answer that proves nothing', () => {
  const html = { 'content-type': 'text/html' };
  it.each<[string, Rule, RegExp]>([
    ['an error of the registry', () => ({ status: 500 }), /answered 500/],
    ['a refusal', () => ({ status: 403 }), /refused.*403.*add credentials/],
    ['an unauthorised answer without a challenge', () => ({ status: 401 }), /refused.*401/],
    [
      'a challenge that nobody knows',
      () => ({ status: 401, headers: { 'www-authenticate': 'Negotiate' } }),
      /negotiate/,
    ],
    ['a digest that is none', () => ({ status: 200, headers: { 'docker-content-digest': 'latest' } }), /"latest"/],
    ['a login page that came with 200', () => ({ status: 200, headers: html, body: '<p>Log in</p>' }), /text\/html/],
    ['a redirect in circles', () => ({ status: 302, headers: { location: '/v2/a/manifests/one' } }), /redirects/],
    [
      'an image of schema 1',
      () => ({
        status: 200,
        headers: {
          'docker-content-digest': `sha256:${createHash('sha256').update('x').digest('hex')}`,
          'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws',
        },
      }),
      /schema 1/,
    ],
  ])('%s is unknown, and says why', async (_, rule, why) => {
    const at = await front((seen) => (seen.path === '/v2/' ? { status: 200 } : rule(seen)));
    const reading = await read(at);
    expect(reading).toMatchObject({ kind: 'unknown', why: expect.stringMatching(why) });
    expect(reading).toMatchObject({ why: expect.stringContaining(at.host) });
  });

  it('is unknown when nothing listens', async () => {
    const at = await front();
    await at.close();
    expect(await read(at)).toMatchObject({ kind: 'unknown', why: expect.stringContaining('nothing listens') });
  });

  it('is unknown when the answer does not come in time', async () => {
    const at = await front(() => 'hang');
    const reader = readerFor([at], { SLUICE_UPSTREAM_TIMEOUT: '0.2' });
    const reading = await reader.read(upstreamAt(at, 'app'), tag('one'));
    expect(reading).toMatchObject({ kind: 'unknown', why: expect.stringContaining('no answer within 0.2 s') });
  });
});

describe('redirects', () => {
  it('are followed, without credentials where they lead to another host', async () => {
    const digest = await registry.push('app', 'one');
    const elsewhere = await front();
    const basic = { 'www-authenticate': 'Basic realm="r"' };
    const other = await startFront({ tls: true, backend: registry.port });
    open.push(other);
    const at = await startFront({
      tls: true,
      rule: ({ path, authorization }) => {
        if (authorization === undefined) return { status: 401, headers: basic };
        return path === '/v2/' ? { status: 200 } : { status: 307, headers: { location: `${other.origin}${path}` } };
      },
    });
    open.push(at);
    const reader = readerFor([elsewhere], { UP_USERNAME: 'u', UP_PASSWORD: 'planted-password' });
    expect(await reader.read(upstreamAt(at, 'app', 'UP'), tag('one'))).toEqual({ kind: 'found', digest });
    expect(at.seen.some(({ authorization }) => authorization?.startsWith('Basic '))).toBe(true);
    expect(other.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('are not followed from https to http', async () => {
    const plain = await front();
    const at = await startFront({
      tls: true,
      rule: ({ path }) =>
        path === '/v2/' ? { status: 200 } : { status: 307, headers: { location: `${plain.origin}${path}` } },
    });
    open.push(at);
    const reading = await readerFor([plain]).read(upstreamAt(at, 'app'), tag('one'));
    expect(reading).toMatchObject({ kind: 'unknown', why: expect.stringContaining('not followed') });
    expect(plain.seen).toEqual([]);
  });
});
