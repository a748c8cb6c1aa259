import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ImportImageParameters } from '@azure/arm-containerregistry';
import { ContainerRegistryClient } from '@azure/container-registry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RegistryNotification } from '../../../local/contracts.ts';
import { makeImage, makeIndex, pushImage, types } from '../registry-images.ts';
import { type ArmFixture, noRunner, registryPath, scope, startFixture } from './fixture.ts';
import { importTools } from './import-tools.ts';
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

const { begin, run, pushed, fromBase, digestOf } = importTools(() => fixture);

describe('an import that succeeds', () => {
  test('copies an image across registries by tag, to every target tag', async () => {
    const image = await pushed(repository);
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
    const image = await pushed(repository);
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
    const image = await pushed(repository);
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
    const image = await pushed(repository);
    await run({ source: fromBase(`${repository}:1`), untaggedTargetRepositories: [repository] });
    expect(await digestOf(fixture.dev, repository, image.manifest.digest)).toBe(image.manifest.digest);
    const client = new ContainerRegistryClient(fixture.dev.endpoint, fixture.credential);
    const { tags } = await client.getArtifact(repository, image.manifest.digest).getManifestProperties();
    expect(tags).toEqual([]);
  });

  test('moves an existing tag with Force', async () => {
    await pushImage(fixture.content(fixture.dev, repository), makeImage(), '1');
    const image = await pushed(repository);
    await run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`], mode: 'Force' });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('reads a login server by its address, with the token its challenge asks for', async () => {
    const image = await pushed(repository);
    const { loginServer, admin } = fixture.base;
    await run({
      source: { registryUri: loginServer, credentials: { ...admin }, sourceImage: `${repository}:1` },
      targetTags: [`${repository}:1`],
    });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('reads a registry on this machine that speaks plain HTTP', async () => {
    const image = await pushed(repository);
    const registryUri = new URL(fixture.base.backend).host;
    await run({ source: { registryUri, sourceImage: `${repository}:1` }, targetTags: [`${repository}:1`] });
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('marks its pushes as effects of an import', async () => {
    const image = await pushed(repository);
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
    await pushed(repository);
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
    const image = await pushed(repository);
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
