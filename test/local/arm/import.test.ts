import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ImportImageParameters } from '@azure/arm-containerregistry';
import { ContainerRegistryClient } from '@azure/container-registry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { importFailures } from '../../../local/arm/index.ts';
import type { LocalRegistry, RegistryNotification } from '../../../local/contracts.ts';
import { type Image, makeImage, makeIndex, pushImage, sha256, types } from '../registry-images.ts';
import { type ArmFixture, noRunner, registryPath, scope, startFixture } from './fixture.ts';
import { startRecorder } from './recorder.ts';

let fixture: ArmFixture;
const notifications: RegistryNotification[] = [];
/** `METHOD path` of what the endpoint asks of the real registries. */
const recorded: string[] = [];
const closing: (() => void)[] = [];
beforeAll(async () => {
  fixture = await startFixture(
    async () => noRunner,
    {},
    async (registry) => {
      const { url, close } = await startRecorder(registry.backend, recorded);
      closing.push(close);
      return { ...registry, backend: url };
    },
  );
  for (const registry of [fixture.base, fixture.dev]) registry.onNotification((one) => notifications.push(one));
});
afterAll(async () => {
  await fixture?.close();
  for (const close of closing) close();
});

let repository = '';
let count = 0;
beforeEach(() => {
  count += 1;
  repository = `import/case${count}`;
});
afterEach(() => fixture.arm.imports.clear());

const fast = { updateIntervalInMs: 10 };
const { resourceGroup } = scope;

function begin(parameters: ImportImageParameters, registry = 'contosodev') {
  return fixture.client.registries.beginImportImage(resourceGroup, registry, parameters, fast);
}

async function run(parameters: ImportImageParameters, registry = 'contosodev'): Promise<void> {
  await (await begin(parameters, registry)).pollUntilDone();
}

/** An image of one layer in the buffer, by tag 1. */
async function pushed(): Promise<Image> {
  const image = makeImage();
  await pushImage(fixture.content(fixture.base, repository), image, '1');
  return image;
}

const fromBase = (sourceImage: string) => ({ resourceId: fixture.base.resourceId, sourceImage });

async function digestOf(registry: LocalRegistry, name: string, reference: string): Promise<string | undefined> {
  const read = fixture.content(registry, name).getManifest(reference);
  return read.then(
    ({ digest }) => digest,
    (error: { statusCode?: number }) => {
      if (error.statusCode === 404) return undefined;
      throw error;
    },
  );
}

describe('an import that succeeds', () => {
  test('copies an image across registries by tag, to every target tag', async () => {
    const image = await pushed();
    await run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`, `${repository}-too:2`] });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
    expect(await digestOf(fixture.dev, `${repository}-too`, '2')).toBe(image.manifest.digest);
    const layer = image.blobs[0];
    if (!layer) throw new Error('The image has no layer.');
    const { content } = await fixture.content(fixture.dev, `${repository}-too`).downloadBlob(layer.digest);
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).equals(layer.bytes)).toBe(true);
  });

  test('copies what a digest names, whatever the tag says by then', async () => {
    const image = await pushed();
    await pushImage(fixture.content(fixture.base, repository), makeImage(), '1');
    await run({ source: fromBase(`${repository}@${image.manifest.digest}`), targetTags: [`${repository}:pinned`] });
    expect(await digestOf(fixture.dev, repository, 'pinned')).toBe(image.manifest.digest);
  });

  test('keeps a multi-arch index whole', async () => {
    const parts = ['amd64', 'arm64'].map((architecture) => ({ architecture, image: makeImage(architecture) }));
    const content = fixture.content(fixture.base, repository);
    for (const { image } of parts) await pushImage(content, image);
    const index = makeIndex(parts);
    await content.setManifest(index.bytes, { tag: '1', mediaType: types.index });
    await run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(index.digest);
    for (const { image } of parts) {
      expect(await digestOf(fixture.dev, repository, image.manifest.digest)).toBe(image.manifest.digest);
    }
  });

  test('mounts blobs inside one registry, and streams them from another', async () => {
    const image = await pushed();
    const target = `${repository}/promoted`;
    const uploads = async (registry: string, source: ImportImageParameters['source'] = fromBase(`${repository}:1`)) => {
      const from = recorded.length;
      await run({ source, targetTags: [`${target}:stable`], mode: 'Force' }, registry);
      return recorded.slice(from).filter((line) => line.startsWith(`PUT /v2/${target}/blobs/uploads/`));
    };
    expect(await uploads('contosobaseimages')).toEqual([]);
    expect(await digestOf(fixture.base, target, 'stable')).toBe(image.manifest.digest);
    expect(await uploads('contosodev')).toHaveLength(image.blobs.length);

    const { loginServer, admin } = fixture.dev;
    const other = makeImage();
    await pushImage(fixture.content(fixture.dev, repository), other, '1');
    const byAddress = { registryUri: loginServer, credentials: { ...admin }, sourceImage: `${repository}:1` };
    expect(await uploads('contosodev', byAddress)).toEqual([]);
    expect(await digestOf(fixture.dev, target, 'stable')).toBe(other.manifest.digest);
  });

  test('leaves no tag in an untagged target repository', async () => {
    const image = await pushed();
    await run({ source: fromBase(`${repository}:1`), untaggedTargetRepositories: [repository] });
    expect(await digestOf(fixture.dev, repository, image.manifest.digest)).toBe(image.manifest.digest);
    const client = new ContainerRegistryClient(fixture.dev.endpoint, fixture.credential);
    const { tags } = await client.getArtifact(repository, image.manifest.digest).getManifestProperties();
    expect(tags).toEqual([]);
  });

  test('moves an existing tag with Force', async () => {
    await pushImage(fixture.content(fixture.dev, repository), makeImage(), '1');
    const image = await pushed();
    await run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`], mode: 'Force' });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('reads a login server by its address, with the token its challenge asks for', async () => {
    const image = await pushed();
    const { loginServer, admin } = fixture.base;
    await run({
      source: { registryUri: loginServer, credentials: { ...admin }, sourceImage: `${repository}:1` },
      targetTags: [`${repository}:1`],
    });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('reads a registry on this machine that speaks plain HTTP', async () => {
    const image = await pushed();
    const registryUri = new URL(fixture.base.backend).host;
    await run({ source: { registryUri, sourceImage: `${repository}:1` }, targetTags: [`${repository}:1`] });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('marks its pushes as effects of an import', async () => {
    const image = await pushed();
    await run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    const push = await vi.waitUntil(() =>
      notifications.find(({ registry, target }) => registry === 'contosodev' && target.repository === repository),
    );
    expect(push).toMatchObject({ byImport: true, target: { digest: image.manifest.digest, tag: '1' } });
  });
});

describe('the long-running operation', () => {
  const importPath = `${registryPath('contosodev')}/importImage?api-version=2025-11-01`;
  const pathOf = (location: unknown) => String(location).replace(fixture.arm.endpoint, '');

  test('answers 202 with an empty body, a new Location at each poll, and 200 however often it is asked at the end', async () => {
    await pushed();
    fixture.arm.imports.addRule({ reports: 'hang', lands: 'now', times: 1 });
    const id = '9e0b6a0a-52c1-4a3e-8f57-000000000001';
    const body = JSON.stringify({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    const started = await fixture.send('POST', importPath, { body, headers: { 'x-ms-client-request-id': id } });
    expect(started).toMatchObject({ status: 202, text: '' });
    expect(started.headers).not.toHaveProperty('azure-asyncoperation');
    const first = pathOf(started.headers.location);
    expect(first).toMatch(
      `/subscriptions/${scope.subscription}/providers/Microsoft.ContainerRegistry/locations/WESTEUROPE/operationResults/registries-${id}?api-version=2025-11-01&t=`,
    );
    const running = await fixture.send('GET', first);
    expect(running).toMatchObject({ status: 202, json: { status: 'Accepted', [`${repository}:1`]: 'Pending' } });
    const second = pathOf(running.headers.location);
    expect(second).not.toBe(first);
    expect(fixture.arm.imports.release()).toBe(1);
    await vi.waitUntil(async () => (await fixture.send('GET', second)).status === 200);
    expect(await fixture.send('GET', first)).toMatchObject({ status: 200, json: { status: 'Succeeded' } });
  });

  test('is continued by another process from poller.toString()', async () => {
    const image = await pushed();
    fixture.arm.imports.addRule({ reports: 'hang', lands: 'now', times: 1 });
    const poller = await begin({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    expect(poller.isDone()).toBe(false);
    const child = fork(join(import.meta.dirname, 'resume-import.ts'), { execArgv: ['--import', 'tsx'] });
    child.send({ endpoint: fixture.arm.endpoint, subscription: scope.subscription, state: poller.toString() });
    expect(await once(child, 'message')).toEqual(['polling', undefined]);
    const outcome = once(child, 'message');
    fixture.arm.imports.release();
    expect(await outcome).toEqual(['done', undefined]);
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });
});

describe('an import that fails says so at the poll', () => {
  test('when a target tag exists under NoForce, and leaves it as it was', async () => {
    const there = makeImage();
    await pushImage(fixture.content(fixture.dev, repository), there, '1');
    await pushed();
    const failed = run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:2`, `${repository}:1`] });
    await expect(failed).rejects.toMatchObject({
      statusCode: 409,
      message: expect.stringMatching(
        new RegExp(
          `^Operation registries-.* failed. Resource .* Tag ${repository}:1 already exists in target registry\\.`,
        ),
      ),
    });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(there.manifest.digest);
    expect(await digestOf(fixture.dev, repository, '2')).toBeUndefined();
  });

  test('when the source has no such tag', async () => {
    const failed = run({ source: fromBase(`${repository}:none`), targetTags: [`${repository}:1`] });
    await expect(failed).rejects.toMatchObject({
      code: 'InvalidParameters',
      statusCode: 400,
      message: expect.stringContaining(`Unable to find manifest digest  Repo: ${repository} Tag: none Manifest:`),
    });
  });

  test('when the source has no such digest', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const failed = run({ source: fromBase(`${repository}@${digest}`), targetTags: [`${repository}:1`] });
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining(`Manifest: ${digest}`) });
  });

  test('when another registry has no such tag', async () => {
    const { loginServer, admin } = fixture.base;
    const source = { registryUri: loginServer, credentials: { ...admin }, sourceImage: `${repository}:none` };
    await expect(run({ source, targetTags: [`${repository}:1`] })).rejects.toMatchObject({
      message: expect.stringMatching(/Invalid message NotFound Not Found .*MANIFEST_UNKNOWN/),
    });
  });

  test.each([
    ['no credentials', undefined],
    ['wrong ones', { username: 'contosobaseimages', password: 'wrong' }],
  ])('when the upstream registry answers 401 to %s', async (_, credentials) => {
    await pushed();
    const registryUri = fixture.base.loginServer;
    const source = { registryUri, sourceImage: `${repository}:1`, ...(credentials ? { credentials } : {}) };
    await expect(run({ source, targetTags: [`${repository}:1`] })).rejects.toMatchObject({
      message: expect.stringMatching(/Invalid message Unauthorized .*UNAUTHORIZED/),
    });
  });

  test('when the upstream registry is at its limit', async () => {
    const upstream = createServer((_, response) => {
      response.writeHead(429, { 'content-type': 'application/json' }).end('{"errors":[{"code":"TOOMANYREQUESTS"}]}');
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const registryUri = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const failed = run({ source: { registryUri, sourceImage: 'node:20' }, targetTags: [`${repository}:1`] });
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(/Invalid message 429 Too Many Requests .*\(HAP429\)\./),
    });
    upstream.closeAllConnections();
    upstream.close();
  });

  test('when the upstream registry cannot be reached', async () => {
    const source = { registryUri: '127.0.0.1:1', sourceImage: 'node:20' };
    await expect(run({ source, targetTags: [`${repository}:1`] })).rejects.toMatchObject({ statusCode: 400 });
  });

  test('when an image has more than 50 manifests', async () => {
    const content = fixture.content(fixture.base, repository);
    const image = makeImage();
    await pushImage(content, image);
    const images = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const one = { manifest: variant(image, at), blobs: image.blobs };
        await content.setManifest(one.manifest.bytes, { mediaType: types.manifest });
        return { architecture: 'amd64', image: one };
      }),
    );
    await content.setManifest(makeIndex(images.slice(0, 49)).bytes, { tag: 'fits', mediaType: types.index });
    await content.setManifest(makeIndex(images).bytes, { tag: 'large', mediaType: types.index });
    await run({ source: fromBase(`${repository}:fits`), targetTags: [`${repository}:fits`] });
    const failed = run({ source: fromBase(`${repository}:large`), targetTags: [`${repository}:large`] });
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('at most 50') });
  });

  test('when the caller may not read the source, or there is no such registry', async () => {
    const allow = fixture.arm.imports.denyLinkedScope('contosobaseimages');
    await pushed();
    const denied = /does not have permission to perform action 'read' on the linked scope/;
    const source = fromBase(`${repository}:1`);
    await expect(run({ source, targetTags: [`${repository}:1`] })).rejects.toThrow(denied);
    const nowhere = { resourceId: registryPath('nowhere'), sourceImage: 'node:20' };
    await expect(run({ source: nowhere, targetTags: [`${repository}:1`] })).rejects.toThrow(denied);
    allow();
    await run({ source, targetTags: [`${repository}:1`] });
  });

  test('or at once, where the request itself is refused', async () => {
    fixture.arm.imports.denyLinkedScope('contosobaseimages', 'request');
    await expect(begin({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] })).rejects.toMatchObject(
      {
        statusCode: 403,
        code: 'LinkedAuthorizationFailed',
      },
    );
  });
});

describe('the controls', () => {
  test('a failure that was set copies nothing and is told once', async () => {
    const image = await pushed();
    fixture.arm.imports.addRule({ reports: importFailures.errorCopyingBlobs('as set'), times: 1 });
    const parameters = { source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] };
    await expect(run(parameters)).rejects.toThrow('Error copying blobs. as set');
    expect(await digestOf(fixture.dev, repository, '1')).toBeUndefined();
    await run(parameters);
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('an import that reports a failure can land all the same, later', async () => {
    const image = await pushed();
    const failure = importFailures.upstreamUnavailable('Gateway Timeout');
    fixture.arm.imports.addRule({ reports: failure, lands: { afterMs: 20 }, times: 1 });
    const parameters = { source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] };
    await expect(run(parameters)).rejects.toThrow('Gateway Timeout');
    await vi.waitUntil(async () => (await digestOf(fixture.dev, repository, '1')) === image.manifest.digest);
  });

  test('an import that hangs stays accepted', async () => {
    await pushed();
    fixture.arm.imports.addRule({ reports: 'hang', times: 1 });
    const poller = await begin({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    for (let polls = 0; polls < 5; polls++) await poller.poll();
    expect(poller.isDone()).toBe(false);
    expect(await digestOf(fixture.dev, repository, '1')).toBeUndefined();
  });

  test('an import can claim success and change nothing', async () => {
    await pushed();
    fixture.arm.imports.addRule({ lands: 'never', times: 1 });
    await run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    expect(await digestOf(fixture.dev, repository, '1')).toBeUndefined();
  });

  test('a rule reaches only the imports it matches', async () => {
    await pushed();
    const reports = importFailures.upstreamTooManyRequests('');
    fixture.arm.imports.addRule({ matches: ({ targets }) => targets.includes(`${repository}:bad`), reports });
    const source = fromBase(`${repository}:1`);
    await run({ source, targetTags: [`${repository}:good`] });
    await expect(run({ source, targetTags: [`${repository}:bad`] })).rejects.toThrow('HAP429');
  });
});

/** The same image in other bytes, so that its manifest has another digest. */
function variant({ manifest }: Image, at: number) {
  const bytes = Buffer.from(JSON.stringify({ ...JSON.parse(manifest.bytes.toString()), annotations: { at: `${at}` } }));
  return { ...manifest, bytes, size: bytes.length, digest: sha256(bytes) };
}
