import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { importFailures } from '../../local/arm/index.ts';
import type { Importer, ImportRequest } from '../../src/lib/pipeline/ports.ts';
import { type Image, makeImage, makeIndex, pushImage, types } from '../local/registry-images.ts';
import { type Front, type Rule, startFront } from '../upstream/front.ts';
import { type AzureFixture, digest, repository, startAzure, tag } from './fixture.ts';

let fixture: AzureFixture;
let image: Image;
beforeAll(async () => {
  fixture = await startAzure({ without: ['events'] });
  image = makeImage();
  await pushImage(fixture.content('dev', 'library/node'), image, '9-alpine');
});
afterAll(() => fixture?.close());
const fronts: Front[] = [];
afterEach(async () => {
  fixture.azure.arm.imports.clear();
  for (const front of fronts.splice(0)) await front.close();
});

let count = 0;
function request(changes: Partial<ImportRequest> = {}): ImportRequest {
  return {
    source: { kind: 'acr', registry: fixture.dev, repository: repository('library/node') },
    digest: digest(image.manifest.digest),
    repository: repository('staging/node'),
    tag: tag(`9-alpine-run${++count}`),
    ...changes,
  };
}

/** Starts, then polls until the import has ended. */
async function run(importer: Importer, wanted: ImportRequest) {
  const started = await importer.start(wanted);
  if (started.kind !== 'started') return started;
  return vi.waitUntil(async () => {
    const state = await importer.poll(started.handle);
    return state.kind !== 'running' && state;
  });
}

async function failWith(
  failure: (typeof importFailures)['errorCopyingBlobs'] extends (text: string) => infer F ? F : never,
) {
  fixture.azure.arm.imports.addRule({ reports: failure, times: 1 });
  return run(fixture.ports.importer, request());
}

describe('an import', () => {
  it('brings a digest from another registry under the unique tag', async () => {
    const wanted = request();
    expect(await run(fixture.ports.importer, wanted)).toEqual({ kind: 'succeeded' });
    expect(await fixture.ports.reader.readTag(wanted.repository, wanted.tag)).toMatchObject({
      kind: 'found',
      digest: wanted.digest,
    });
  });

  it('copies inside the buffer', async () => {
    const first = request();
    await run(fixture.ports.importer, first);
    const source = { kind: 'buffer', repository: first.repository } as const;
    const wanted = request({ source, repository: repository('base-images/node') });
    expect(await run(fixture.ports.importer, wanted)).toEqual({ kind: 'succeeded' });
    expect(await fixture.ports.reader.readTag(wanted.repository, wanted.tag)).toMatchObject({ digest: wanted.digest });
  });

  it('brings a multi-arch index whole', async () => {
    const content = fixture.content('dev', 'library/multi');
    const images = await Promise.all(
      ['amd64', 'arm64'].map(async (architecture) => {
        const one = makeImage(architecture);
        await pushImage(content, one);
        return { architecture, image: one };
      }),
    );
    const index = makeIndex(images);
    await content.setManifest(index.bytes, { tag: '1', mediaType: types.index });
    const source = { kind: 'acr', registry: fixture.dev, repository: repository('library/multi') } as const;
    const wanted = request({ source, digest: digest(index.digest), repository: repository('staging/multi') });
    expect(await run(fixture.ports.importer, wanted)).toEqual({ kind: 'succeeded' });
    const target = fixture.content('buffer', 'staging/multi');
    for (const { image: one } of images) {
      expect((await target.getManifest(one.manifest.digest)).digest).toBe(one.manifest.digest);
    }
  });

  it('is polled to its end by another process, which has only the handle', async () => {
    fixture.azure.arm.imports.addRule({ durationMs: 300, times: 1 });
    const started = await fixture.ports.importer.start(request());
    if (started.kind !== 'started') throw new Error(started.kind);
    const other = fixture.portsWith({}).importer;
    expect(await other.poll(started.handle)).toEqual({ kind: 'running' });
    const end = await vi.waitUntil(async () => {
      const state = await other.poll(started.handle);
      return state.kind !== 'running' && state;
    });
    expect(end).toEqual({ kind: 'succeeded' });
    expect(await fixture.ports.importer.poll(started.handle)).toEqual({ kind: 'succeeded' });
  });

  it('costs one write, and one read for each look', async () => {
    const arm = await serve(({ method }) => {
      const location = `${arm.origin}/subscriptions/s/operationResults/registries-1`;
      const body = method === 'POST' ? '' : '{"status":"Accepted"}';
      return { status: 202, headers: { location, 'content-type': 'application/json' }, body };
    });
    const { importer } = fixture.portsWith({ armEndpoint: arm.origin });
    const started = await importer.start(request());
    if (started.kind !== 'started') throw new Error(started.kind);
    for (let look = 0; look <= 3; look++) {
      if (look > 0) await importer.poll(started.handle);
      expect([arm.count('POST', /./), arm.count('GET', /./)]).toEqual([1, 1 + look]);
    }
  });

  it('goes on running for as long as Azure says nothing', async () => {
    fixture.azure.arm.imports.addRule({ reports: 'hang', times: 1 });
    const started = await fixture.ports.importer.start(request());
    if (started.kind !== 'started') throw new Error(started.kind);
    for (let look = 0; look < 3; look++) {
      expect(await fixture.ports.importer.poll(started.handle)).toEqual({ kind: 'running' });
    }
  });
});

describe('an import that fails', () => {
  it('says that the tag exists, and leaves it', async () => {
    const wanted = request();
    await run(fixture.ports.importer, wanted);
    const other = makeImage();
    await pushImage(fixture.content('dev', 'library/node'), other, '10');
    expect(await run(fixture.ports.importer, { ...wanted, digest: digest(other.manifest.digest) })).toEqual({
      kind: 'exists',
    });
    expect(await fixture.ports.reader.readTag(wanted.repository, wanted.tag)).toMatchObject({ digest: wanted.digest });
  });

  it('says that the digest is gone', async () => {
    const wanted = request({ digest: digest(`sha256:${'0'.repeat(64)}`) });
    expect(await run(fixture.ports.importer, wanted)).toMatchObject({ kind: 'gone' });
  });

  it.each(['request', 'poll'] as const)(
    'names the registry and the role that is missing, told by the %s',
    async (at) => {
      fixture.azure.arm.imports.denyLinkedScope(fixture.dev.name, at);
      expect(await run(fixture.ports.importer, request())).toMatchObject({
        kind: 'failed',
        next: 'stall',
        why: expect.stringMatching(/'Container Registry Data Importer and Data Reader' on .*contosodev/),
      });
    },
  );

  it('is tried again where upstream limits pulls, or copying failed', async () => {
    expect(await failWith(importFailures.upstreamTooManyRequests(''))).toMatchObject({ kind: 'failed', next: 'retry' });
    expect(await failWith(importFailures.errorCopyingBlobs(''))).toMatchObject({ kind: 'failed', next: 'retry' });
  });

  it('stalls where upstream wants credentials', async () => {
    expect(await failWith(importFailures.upstreamUnauthorized('{"errors":[{"code":"UNAUTHORIZED"}]}'))).toMatchObject({
      kind: 'failed',
      next: 'stall',
      why: expect.stringContaining('add credentials'),
    });
  });

  it('is a failure where Azure says so with an HTTP success', async () => {
    const status = { status: 'Failed', error: { code: 'InvalidParameters', message: 'Error copying blobs' } };
    fixture.azure.arm.imports.addRule({ durationMs: 60_000, times: 1 });
    const started = await fixture.ports.importer.start(request());
    if (started.kind !== 'started') throw new Error(started.kind);
    const headers = { 'content-type': 'application/json' };
    const server = await serve(() => ({ status: 200, headers, body: JSON.stringify(status) }));
    const location = `${server.origin}/operationResults/x`;
    const handle = started.handle.replace(/"operationLocation":"[^"]*"/, `"operationLocation":"${location}"`);
    expect(await fixture.ports.importer.poll(handle)).toMatchObject({ kind: 'failed', why: 'Error copying blobs' });
  });

  it('stalls before anything is sent where credentials are missing', async () => {
    const source = { kind: 'oci', host: 'r.example', repository: repository('a/b'), credentials: 'UP' } as const;
    const arm = await serve(() => ({ status: 500 }));
    const { importer } = fixture.portsWith({ armEndpoint: arm.origin });
    expect(await importer.start(request({ source }))).toMatchObject({
      kind: 'failed',
      next: 'stall',
      why: expect.stringContaining('UP_USERNAME and UP_PASSWORD'),
    });
    expect(arm.seen).toEqual([]);
  });

  it('stalls where the registry is not known to Azure, and says what to check', async () => {
    const importer = fixture.portsWith({ buffer: { ...fixture.buffer, name: 'nowhere' } }).importer;
    expect(await importer.start(request())).toMatchObject({ kind: 'failed', next: 'stall' });
  });

  it('starts again where the handle cannot be read', async () => {
    expect(await fixture.ports.importer.poll('{}')).toMatchObject({ kind: 'failed', next: 'retry' });
  });

  it('says no more than that Azure cannot be reached, when it cannot', async () => {
    const closed = await closedPort();
    const importer = fixture.portsWith({ armEndpoint: `https://localhost:${closed}` }).importer;
    expect(await importer.start(request())).toMatchObject({ kind: 'failed', next: 'retry' });
    const config = { metadata: { mode: 'ResourceLocation' }, operationLocation: `https://localhost:${closed}/x` };
    const handle = JSON.stringify({ state: { status: 'running', config } });
    await expect(importer.poll(handle)).rejects.toMatchObject({ name: 'PortError', details: { next: 'retry' } });
  });
});

async function serve(rule: Rule): Promise<Front> {
  const front = await startFront({ tls: true, rule });
  fronts.push(front);
  return front;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
