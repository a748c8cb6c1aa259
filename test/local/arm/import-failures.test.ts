import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { importFailures } from '../../../local/arm/index.ts';
import { type Image, makeImage, makeIndex, pushImage, sha256, types } from '../registry-images.ts';
import { type ArmFixture, noRunner, registryPath, startFixture } from './fixture.ts';
import { importTools } from './import-tools.ts';

let fixture: ArmFixture;
beforeAll(async () => {
  fixture = await startFixture(async () => noRunner);
});
afterAll(() => fixture?.close());

let repository = '';
let count = 0;
beforeEach(() => {
  count += 1;
  repository = `import/case${count}`;
});
afterEach(() => fixture.arm.imports.clear());

const { begin, run, pushed, fromBase, digestOf } = importTools(() => fixture);

describe('an import that fails says so at the poll', () => {
  test('when a target tag exists under NoForce, and leaves it as it was', async () => {
    const there = makeImage();
    await pushImage(fixture.content(fixture.dev, repository), there, '1');
    await pushed(repository);
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
    await pushed(repository);
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
    await pushed(repository);
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
    const image = await pushed(repository);
    fixture.arm.imports.addRule({ reports: importFailures.errorCopyingBlobs('as set'), times: 1 });
    const parameters = { source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] };
    await expect(run(parameters)).rejects.toThrow('Error copying blobs. as set');
    expect(await digestOf(fixture.dev, repository, '1')).toBeUndefined();
    await run(parameters);
    expect(await digestOf(fixture.dev, repository, '1')).toBe(image.manifest.digest);
  });

  test('an import that reports a failure can land all the same, later', async () => {
    const image = await pushed(repository);
    const failure = importFailures.upstreamUnavailable('Gateway Timeout');
    fixture.arm.imports.addRule({ reports: failure, lands: { afterMs: 20 }, times: 1 });
    const parameters = { source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] };
    await expect(run(parameters)).rejects.toThrow('Gateway Timeout');
    await vi.waitUntil(async () => (await digestOf(fixture.dev, repository, '1')) === image.manifest.digest);
  });

  test('an import that hangs stays accepted', async () => {
    await pushed(repository);
    fixture.arm.imports.addRule({ reports: 'hang', times: 1 });
    const poller = await begin({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    for (let polls = 0; polls < 5; polls++) await poller.poll();
    expect(poller.isDone()).toBe(false);
    expect(await digestOf(fixture.dev, repository, '1')).toBeUndefined();
  });

  test('an import can claim success and change nothing', async () => {
    await pushed(repository);
    fixture.arm.imports.addRule({ lands: 'never', times: 1 });
    await run({ source: fromBase(`${repository}:1`), targetTags: [`${repository}:1`] });
    expect(await digestOf(fixture.dev, repository, '1')).toBeUndefined();
  });

  test('a rule reaches only the imports it matches', async () => {
    await pushed(repository);
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
