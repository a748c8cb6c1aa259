import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createBufferReader } from '../../src/lib/azure/buffer.ts';
import type { AzurePorts } from '../../src/lib/azure/ports.ts';
import type { Registry } from '../../src/lib/catalog/model.ts';
import { createUpstreamReader } from '../../src/lib/upstream/reader.ts';
import { parseUpstreamSettings } from '../../src/lib/upstream/settings.ts';
import { makeImage, makeIndex, pushImage, types } from '../local/registry-images.ts';
import { type Front, type Rule, startFront } from '../upstream/front.ts';
import { type AzureFixture, digest, repository, soon, startAzure, tag } from './fixture.ts';

let fixture: AzureFixture;
const fronts: Front[] = [];
beforeAll(async () => {
  fixture = await startAzure({ without: ['storage', 'arm', 'events'] });
});
afterAll(() => fixture?.close());
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.close();
});

const staging = repository('staging/node');

async function push(name = 'staging/node', ...tags: string[]): Promise<string> {
  const image = makeImage();
  for (const one of tags) await pushImage(fixture.content('buffer', name), image, one);
  return image.manifest.digest;
}

/** Ports whose buffer stands behind a front, which may answer itself. */
async function behind(rule: Rule): Promise<{ ports: AzurePorts; front: Front; buffer: Registry }> {
  const front = await startFront({ tls: true, rule: (seen) => rule(seen) ?? { status: 500 } });
  fronts.push(front);
  const buffer = { ...fixture.buffer, loginServer: front.host };
  return { ports: fixture.portsWith({ buffer }), front, buffer };
}

/** Hands out registry tokens, so that a front can be talked to at all. */
const jwt = `e30.${Buffer.from(JSON.stringify({ exp: 4102444800 })).toString('base64url')}.x`;
const tokens: Rule = ({ path }) => {
  const json = { 'content-type': 'application/json' };
  if (path === '/oauth2/exchange') return { status: 200, headers: json, body: JSON.stringify({ refresh_token: jwt }) };
  if (path === '/oauth2/token') return { status: 200, headers: json, body: JSON.stringify({ access_token: 'access' }) };
  return undefined;
};

const manifest = makeImage().manifest;
/** A registry that serves one manifest, wants a token for it, and answers PUT as told. */
function registryThat(answersPut: Rule): Rule {
  const served = { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest };
  return (seen) => {
    const token = tokens(seen);
    if (token) return token;
    if (seen.authorization === undefined) {
      const challenge = 'Bearer realm="https://x/oauth2/token",service="x",scope="repository:staging/node:pull,push"';
      return { status: 401, headers: { 'www-authenticate': challenge } };
    }
    if (seen.method === 'PUT') return answersPut(seen);
    return { status: 200, headers: served, body: manifest.bytes };
  };
}

describe('reading a tag', () => {
  it('tells its digest and when it was moved, by the registry', async () => {
    const pushed = await push('staging/node', '1');
    const before = Date.now();
    const moved = await push('staging/node', '1');
    const reading = await fixture.ports.reader.readTag(staging, tag('1'));
    expect(moved).not.toBe(pushed);
    expect(reading).toMatchObject({ kind: 'found', digest: moved });
    expect(reading.kind === 'found' && reading.at).toBeGreaterThanOrEqual(before - 1000);
  });

  it('tells that a tag or a repository is not there', async () => {
    expect(await fixture.ports.reader.readTag(staging, tag('nowhere'))).toEqual({ kind: 'absent' });
    expect(await fixture.ports.reader.readTag(repository('no/where'), tag('1'))).toEqual({ kind: 'absent' });
  });

  it('is unknown while the registry cannot be reached, throttles or refuses, and says why', async () => {
    const { ports, front } = await behind(({ path }) => (path.startsWith('/acr/') ? { status: 403 } : undefined));
    expect(await ports.reader.readTag(staging, tag('1'))).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining("'AcrPull'"),
    });
    const busy = await behind(() => ({ status: 429, headers: { 'retry-after': '90' } }));
    expect(await busy.ports.reader.readTag(staging, tag('1'))).toMatchObject({ kind: 'unknown' });
    expect(await busy.ports.reader.readTag(staging, tag('1'))).toMatchObject({ kind: 'unknown' });
    expect(busy.front.seen.length).toBe(1);
    await front.close();
    expect(await ports.reader.readTag(staging, tag('1'))).toMatchObject({ kind: 'unknown' });
  });

  it('fetches one token for many tags that are read at the same time', async () => {
    const { ports, front } = await behind((seen) => {
      const token = tokens(seen);
      if (token) return token;
      const challenge =
        'Bearer realm="https://x/oauth2/token",service="x",scope="repository:staging/node:metadata_read"';
      if (seen.authorization === undefined) return { status: 401, headers: { 'www-authenticate': challenge } };
      const tagged = { name: 'x', digest: manifest.digest, lastUpdateTime: new Date().toISOString() };
      const body = JSON.stringify({ registry: 'r', imageName: 'staging/node', tag: tagged });
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    });
    const names = Array.from({ length: 20 }, (_, at) => tag(`t${at}`));
    const readings = await Promise.all(names.map((name) => ports.reader.readTag(staging, name)));
    expect(readings.every(({ kind }) => kind === 'found')).toBe(true);
    expect(front.count('POST', /oauth2/)).toBe(2);
    expect(front.count('GET', /_tags/)).toBe(21);
  });
});

describe('a registry in Azure that is upstream', () => {
  it('is read by identity', async () => {
    const pushed = await push('library/up', '1', '2');
    const reader = createUpstreamReader({ settings: parseUpstreamSettings({}), azure: fixture.ports.tags });
    const upstream = { kind: 'acr', registry: fixture.buffer, repository: repository('library/up') } as const;
    expect(await reader.read(upstream, tag('1'))).toMatchObject({ kind: 'found', digest: pushed });
    expect(await reader.read(upstream, tag('3'))).toEqual({ kind: 'absent' });
    const listed = await reader.tags(upstream);
    expect(listed.kind === 'found' && [...listed.tags].sort()).toEqual(['1', '2']);
  });

  it('is unknown where there is no such repository, so that patterns do not follow nothing without a word', async () => {
    const reader = createUpstreamReader({ settings: parseUpstreamSettings({}), azure: fixture.ports.tags });
    const upstream = { kind: 'acr', registry: fixture.buffer, repository: repository('no/where') } as const;
    expect(await reader.tags(upstream)).toMatchObject({
      kind: 'unknown',
      why: expect.stringMatching(/no\/where.*\. Check that .*no\/where exists/),
    });
  });

  it('is unknown where its tags cannot be listed', async () => {
    const { buffer, ports } = await behind(() => ({ status: 500 }));
    const reader = createUpstreamReader({ settings: parseUpstreamSettings({}), azure: ports.tags });
    const upstream = { kind: 'acr', registry: buffer, repository: staging } as const;
    expect(await reader.tags(upstream)).toMatchObject({ kind: 'unknown', why: expect.stringContaining('500') });
  });
});

describe('listing tags', () => {
  it('begins with those moved last, over all pages', async () => {
    const names = Array.from({ length: 105 }, (_, at) => `t${at}`);
    const image = makeImage();
    const content = fixture.content('buffer', 'staging/listed');
    await pushImage(content, image, 't0');
    const options = { mediaType: image.manifest.mediaType };
    await Promise.all(names.map((name) => content.setManifest(image.manifest.bytes, { ...options, tag: name })));
    await push('staging/listed', 't3');
    const pages: string[][] = [];
    for await (const page of fixture.ports.reader.tagsByTime(repository('staging/listed'))) {
      pages.push(page.map((one) => one.tag));
    }
    expect(pages.length).toBe(2);
    expect(pages[0]?.[0]).toBe('t3');
    expect(new Set(pages.flat()).size).toBe(105);
  });

  it('gives times that fall', async () => {
    const times: number[] = [];
    for await (const page of fixture.ports.reader.tagsByTime(repository('staging/listed'))) {
      times.push(...page.map(({ at }) => at));
    }
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('is empty for a repository that is not there', async () => {
    for await (const page of fixture.ports.reader.tagsByTime(repository('no/where'))) expect(page).toEqual([]);
  });

  it('throws where the list cannot be had, because part of it would look like tags that are gone', async () => {
    const { buffer, ports } = await behind(() => ({ status: 500 }));
    const reader = createBufferReader(ports.tags, buffer);
    await expect(reader.tagsByTime(staging)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      name: 'PortError',
      details: { next: 'retry' },
    });
  });
});

describe('moving a tag', () => {
  it('puts the same bytes under it, at the time the registry says', async () => {
    const first = digest(await push('staging/node', 'stable'));
    const second = digest(await push('staging/node', 'unique-run1'));
    const before = Date.now();
    const answer = await fixture.ports.mover.moveTag(staging, tag('stable'), second, soon());
    expect(answer.kind === 'put' && answer.at).toBeGreaterThanOrEqual(before - 1000);
    expect(await fixture.ports.reader.readTag(staging, tag('stable'))).toMatchObject({ digest: second });
    expect((await fixture.ports.mover.moveTag(staging, tag('stable'), first, soon())).kind).toBe('put');
    expect(await fixture.ports.reader.readTag(staging, tag('stable'))).toMatchObject({ digest: first });
  });

  it('moves a multi-arch index whole', async () => {
    const content = fixture.content('buffer', 'staging/multi');
    const one = makeImage('amd64');
    await pushImage(content, one);
    const index = makeIndex([{ architecture: 'amd64', image: one }]);
    await content.setManifest(index.bytes, { tag: 'unique', mediaType: types.index });
    const answer = await fixture.ports.mover.moveTag(
      repository('staging/multi'),
      tag('stable'),
      digest(index.digest),
      soon(),
    );
    expect(answer.kind).toBe('put');
    expect((await content.getManifest('stable')).digest).toBe(index.digest);
  });

  it('is refused, for a person to look at, where the repository does not hold the digest', async () => {
    const answer = await fixture.ports.mover.moveTag(staging, tag('x'), digest(`sha256:${'1'.repeat(64)}`), soon());
    expect(answer).toMatchObject({ kind: 'refused', next: 'stall' });
  });

  it('is not sent when it is too late', async () => {
    const { ports, front } = await behind(registryThat(() => ({ status: 201 })));
    const answer = await ports.mover.moveTag(staging, tag('x'), digest(manifest.digest), soon() - 120_000);
    expect(answer).toMatchObject({ kind: 'refused', next: 'retry' });
    expect(front.seen).toEqual([]);
  });

  it('is not sent when getting a token took too long', async () => {
    const { ports, front } = await behind(registryThat(() => ({ status: 201 })));
    let calls = 0;
    const clock = { monotonic: () => (calls++ === 0 ? 0 : 1001) };
    const { createTagMover } = await import('../../src/lib/azure/tag-mover.ts');
    const { RegistryClients } = await import('../../src/lib/azure/registry-clients.ts');
    const { createCredential } = await import('../../src/lib/azure/credential.ts');
    const { parseAzureSettings } = await import('../../src/lib/azure/settings.ts');
    const clients = new RegistryClients(parseAzureSettings({}), createCredential({ identityClientId: undefined }));
    const buffer = { ...fixture.buffer, loginServer: front.host };
    const mover = createTagMover({ clients, reader: ports.tags, buffer, clock });
    expect(await mover.moveTag(staging, tag('x'), digest(manifest.digest), 1000)).toMatchObject({
      kind: 'refused',
      next: 'retry',
      why: expect.stringContaining('too long ago'),
    });
    expect(front.count('PUT', /./)).toBe(0);
  });

  it.each([500, 502, 503, 408])('may have happened when the answer is %i, and is not sent again', async (status) => {
    const { ports, front } = await behind(registryThat(() => ({ status })));
    const answer = await ports.mover.moveTag(staging, tag('x'), digest(manifest.digest), soon());
    expect(answer.kind).toBe('unclear');
    expect(front.count('PUT', /./)).toBe(1);
  });

  it('may have happened when the connection breaks, and is not sent again', async () => {
    const { ports, front } = await behind(registryThat(() => Promise.reject(new Error('the connection breaks'))));
    const answer = await ports.mover.moveTag(staging, tag('x'), digest(manifest.digest), soon());
    expect(answer.kind).toBe('unclear');
    expect(front.count('PUT', /./)).toBe(1);
  });

  it('certainly did not happen when the registry could not be reached', async () => {
    const { ports, front } = await behind(registryThat(() => ({ status: 201 })));
    await front.close();
    const answer = await ports.mover.moveTag(staging, tag('x'), digest(manifest.digest), soon());
    expect(answer).toMatchObject({ kind: 'refused', next: 'retry' });
  });

  it.each([
    [403, 'stall', /'AcrPush' on .*staging\/node:x/],
    [405, 'stall', /locked/],
    [409, 'retry', /409/],
    [429, 'retry', /429/],
  ] as const)('certainly did not happen when the answer is %i: %s', async (status, next, why) => {
    const { ports, front } = await behind(registryThat(() => ({ status })));
    const answer = await ports.mover.moveTag(staging, tag('x'), digest(manifest.digest), soon());
    expect(answer).toMatchObject({ kind: 'refused', next, why: expect.stringMatching(why) });
    expect(front.count('PUT', /./)).toBe(1);
  });

  it('takes its time from the answer itself', async () => {
    const headers = { 'docker-content-digest': manifest.digest, date: 'Sun, 01 Mar 2026 12:00:00 GMT' };
    const { ports } = await behind(registryThat(() => ({ status: 201, headers })));
    const answer = await ports.mover.moveTag(staging, tag('x'), digest(manifest.digest), soon());
    expect(answer).toEqual({ kind: 'put', at: Date.parse('2026-03-01T12:00:00Z') });
  });
});

describe('removing a tag', () => {
  it('leaves the image and its other tags', async () => {
    const pushed = await push('staging/node', 'old', 'kept');
    await fixture.ports.remover.removeTag(staging, tag('old'));
    expect(await fixture.ports.reader.readTag(staging, tag('old'))).toEqual({ kind: 'absent' });
    expect(await fixture.ports.reader.readTag(staging, tag('kept'))).toMatchObject({ digest: pushed });
  });

  it('is done already for one that is gone', async () => {
    await fixture.ports.remover.removeTag(staging, tag('never-was'));
    await fixture.ports.remover.removeTag(repository('no/where'), tag('never-was'));
  });
});
