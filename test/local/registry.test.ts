import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startRegistry } from '../../local/registry/index.ts';
import { type RegistryFixture, startFixture } from './registry-fixture.ts';
import { login, makeImage, makeIndex, pushImage, skopeo, types, writeLayout } from './registry-images.ts';

let fixture: RegistryFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture?.close());

const seen = (repository: string) => fixture.notifications.filter(({ target }) => target.repository === repository);

test('a manifest is put, read back byte for byte, and moved to another tag by the SDK', async () => {
  const content = fixture.content('sdk/node');
  const image = makeImage();
  expect(await pushImage(content, image, '1')).toBe(image.manifest.digest);
  const read = await content.getManifest('1');
  expect(read.digest).toBe(image.manifest.digest);
  expect(Buffer.from(read.content).equals(image.manifest.bytes)).toBe(true);
  await content.setManifest(read.content, { tag: 'stable', mediaType: read.mediaType });
  expect((await content.getManifest('stable')).digest).toBe(image.manifest.digest);
});

test('an index is moved to another tag and keeps its digest', async () => {
  const content = fixture.content('sdk/index');
  const parts = ['amd64', 'arm64'].map((architecture) => ({ architecture, image: makeImage(architecture) }));
  for (const { image } of parts) await pushImage(content, image);
  const index = makeIndex(parts);
  await content.setManifest(index.bytes, { tag: '1', mediaType: types.index });
  const read = await content.getManifest('1');
  await content.setManifest(read.content, { tag: '2', mediaType: read.mediaType });
  expect((await content.getManifest('2')).digest).toBe(index.digest);
});

test('an index that names an image which is not there is refused', async () => {
  const index = makeIndex([{ architecture: 'amd64', image: makeImage() }]);
  const put = fixture.content('sdk/orphan').setManifest(index.bytes, { tag: '1', mediaType: types.index });
  await expect(put).rejects.toMatchObject({ statusCode: 400 });
});

test('a blob larger than a chunk survives upload and download', async () => {
  const content = fixture.content('sdk/blob');
  const bytes = Buffer.alloc(9 * 1024 * 1024, 'sluice');
  const { digest } = await content.uploadBlob(bytes);
  const { content: stream } = await content.downloadBlob(digest);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});

test('skopeo pushes a multi-arch index through the front door and pulls it back whole', async () => {
  const { registry, certificate, folder } = fixture;
  const parts = ['amd64', 'arm64'].map((architecture) => ({ architecture, image: makeImage(architecture) }));
  const index = makeIndex(parts);
  const blobs = parts.flatMap(({ image }) => [image.manifest, ...image.blobs]);
  await writeLayout(join(folder, 'layout'), index, blobs, '1');
  const reference = `docker://${registry.loginServer}/skopeo/node:1`;
  const trust = ['--authfile', join(folder, 'auth.json')];
  const to = ['--dest-cert-dir', certificate.caFolder, '--dest-creds', login(registry)];
  await skopeo('copy', ...trust, '--all', '--preserve-digests', ...to, `oci:${join(folder, 'layout')}:1`, reference);
  const from = ['--cert-dir', certificate.caFolder, '--creds', login(registry)];
  const raw = await skopeo('inspect', ...trust, '--raw', ...from, reference);
  expect(raw).toBe(index.bytes.toString());
  const back = ['--src-cert-dir', certificate.caFolder, '--src-creds', login(registry)];
  await skopeo('copy', ...trust, '--all', ...back, reference, `oci:${join(folder, 'back')}:1`);
});

test('skopeo is refused with a wrong password', async () => {
  const { registry, certificate, folder } = fixture;
  const inspect = skopeo(
    'inspect',
    '--authfile',
    join(folder, 'auth.json'),
    '--cert-dir',
    certificate.caFolder,
    '--creds',
    `${registry.admin.username}:guess`,
    `docker://${registry.loginServer}/any:1`,
  );
  await expect(inspect).rejects.toThrow(/unauthorized|authentication required|invalid username/i);
});

test('a push of a tag is told once, with digest, tag, login server and user agent', async () => {
  const image = makeImage();
  await pushImage(fixture.content('told/once'), image, '1');
  await vi.waitFor(() => expect(seen('told/once')).toHaveLength(1));
  expect(seen('told/once')[0]).toMatchObject({
    registry: 'contosotest',
    action: 'push',
    byImport: false,
    target: { repository: 'told/once', tag: '1', digest: image.manifest.digest, mediaType: types.manifest },
    request: { method: 'PUT', host: fixture.registry.loginServer, useragent: expect.stringContaining('azsdk-js') },
  });
});

test('a push of the same digest under the same tag is told again', async () => {
  const content = fixture.content('told/again');
  const image = makeImage();
  await pushImage(content, image, '1');
  await content.setManifest(image.manifest.bytes, { tag: '1', mediaType: types.manifest });
  await vi.waitFor(() => expect(seen('told/again')).toHaveLength(2));
  expect(new Set(seen('told/again').map(({ id }) => id)).size).toBe(2);
});

test('a deleted manifest is told, a deleted tag is not', async () => {
  const content = fixture.content('told/deleted');
  const image = makeImage();
  await pushImage(content, image, '1');
  await fixture.client.getArtifact('told/deleted', '1').deleteTag('1');
  await content.deleteManifest(image.manifest.digest);
  await vi.waitFor(() => expect(seen('told/deleted')).toHaveLength(2));
  expect(seen('told/deleted')[1]).toMatchObject({ action: 'delete', target: { digest: image.manifest.digest } });
});

test('a push that an import makes behind the front door is marked, and one of somebody else meanwhile is not', async () => {
  const image = makeImage();
  const other = makeImage();
  const content = fixture.content('told/import');
  await pushImage(content, image);
  for (const { bytes } of other.blobs) await content.uploadBlob(bytes);
  await fixture.registry.asImport(
    { repository: 'told/import', digests: new Set([image.manifest.digest]) },
    async () => {
      await putBehind('told/import', 'imported', image.manifest.bytes);
      await content.setManifest(image.manifest.bytes, { tag: 'pushed', mediaType: types.manifest });
      await putBehind('told/import', 'stranger', other.manifest.bytes);
    },
  );
  await vi.waitFor(() => expect(seen('told/import').filter(({ target }) => target.tag)).toHaveLength(3));
  const byTag = new Map(seen('told/import').map(({ target, byImport }) => [target.tag, byImport]));
  expect(byTag.get('imported')).toBe(true);
  expect(byTag.get('pushed')).toBe(false);
  expect(byTag.get('stranger')).toBe(false);
});

test('paths that try to leave the registry are refused', async () => {
  const tricks = [
    '/v2/../acr/v1/_catalog',
    '/v2/a/../b/manifests/1',
    '/v2/%2e%2e/%2e%2e/etc/manifests/passwd',
    '/v2/UPPER/manifests/1',
    '/v2/a/manifests/..',
    '/v2/a/manifests/%00',
    '/v2/a/blobs/sha256:short',
    '/v2/a/blobs/uploads/..%2f..%2fx',
    '/acr/v1/..%2f..%2fetc/_tags',
    '/acr/v1/a/_tags/..%2f..%2fx',
    '/acr/v1/a/_manifests/sha256:..',
    '/%',
    '/',
    '//v2/',
  ];
  for (const path of tricks) {
    const { status, body } = await rawGet(path);
    expect([400, 404], path).toContain(status);
    expect(JSON.parse(body), path).toMatchObject({
      errors: [{ code: expect.any(String), message: expect.any(String) }],
    });
  }
});

test('a registry whose name ACR would refuse is not started', async () => {
  const { identity, certificate, folder } = fixture;
  const scope = { subscription: '', resourceGroup: '', tenant: '', location: '' };
  const start = startRegistry({ name: 'no-dash', scope, certificate, authority: identity.authority, folder });
  await expect(start).rejects.toThrow(/"no-dash".*5 to 50 letters and digits/);
});

async function putBehind(repository: string, tag: string, bytes: Buffer): Promise<void> {
  const put = await fetch(`${fixture.registry.backend}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': types.manifest },
    body: new Uint8Array(bytes),
  });
  expect(put.status).toBe(201);
}

/** fetch would tidy the path first. */
async function rawGet(path: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(fixture.registry.endpoint);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .once('error', reject)
      .end();
  });
}
