import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type RegistryFixture, startFixture } from './registry-fixture.ts';
import { makeImage, makeIndex, pushImage, sha256, types } from './registry-images.ts';

let fixture: RegistryFixture;
beforeAll(async () => {
  fixture = await startFixture();
  await pushTags('bad/cases', '1');
});
afterAll(() => fixture?.close());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function pushTags(repository: string, ...tags: string[]) {
  const content = fixture.content(repository);
  const image = makeImage();
  await pushImage(content, image);
  for (const tag of tags) {
    await passTime();
    await content.setManifest(image.manifest.bytes, { tag, mediaType: types.manifest });
  }
  return image;
}

/** File times step with the kernel's tick, four milliseconds on Debian. */
async function passTime(): Promise<void> {
  const end = performance.now() + 10;
  while (performance.now() < end) await setImmediate();
}

test('the catalog lists repositories by name, page by page', async () => {
  for (const name of ['cat/b', 'cat/a', 'cat']) await pushImage(fixture.content(name), makeImage(), '1');
  const pages = await collect(fixture.client.listRepositoryNames().byPage({ maxPageSize: 2 }));
  expect(pages.flat().filter((name) => name.startsWith('cat'))).toEqual(['cat', 'cat/a', 'cat/b']);
  expect(pages.every((page) => page.length <= 2)).toBe(true);
});

test('tags come by name, page by page, each once', async () => {
  await pushTags('tags/pages', '3', '1', '2', '10', 'latest');
  const pages = await collect(
    fixture.client.getArtifact('tags/pages', '1').listTagProperties().byPage({ maxPageSize: 2 }),
  );
  expect(pages.map((page) => page.map(({ name }) => name))).toEqual(
    [['1', '10'], ['2', '3'], ['latest']].map((p) => p),
  );
});

test('tags come by time of their last push in both directions, page by page', async () => {
  const image = await pushTags('tags/time', 'b', 'a', 'c');
  await passTime();
  await fixture.content('tags/time').setManifest(image.manifest.bytes, { tag: 'b', mediaType: types.manifest });
  const artifact = fixture.client.getArtifact('tags/time', 'a');
  const names = async (order: 'LastUpdatedOnAscending' | 'LastUpdatedOnDescending') =>
    (await collect(artifact.listTagProperties({ order }).byPage({ maxPageSize: 1 }))).flat().map(({ name }) => name);
  expect(await names('LastUpdatedOnAscending')).toEqual(['a', 'c', 'b']);
  expect(await names('LastUpdatedOnDescending')).toEqual(['b', 'c', 'a']);
});

test('a listing by time goes on where it ended although the last tag was deleted meanwhile', async () => {
  await pushTags('tags/gone', 'a', 'b', 'c');
  const artifact = fixture.client.getArtifact('tags/gone', 'a');
  const pages = artifact.listTagProperties({ order: 'LastUpdatedOnAscending' }).byPage({ maxPageSize: 1 });
  expect((await pages.next()).value?.map(({ name }: { name: string }) => name)).toEqual(['a']);
  await artifact.deleteTag('a');
  expect((await collect(pages)).flat().map(({ name }) => name)).toEqual(['b', 'c']);
});

test('tags can be filtered by digest, page by page', async () => {
  const first = await pushTags('tags/digest', 'a', 'b');
  await pushTags('tags/digest', 'c');
  const path = `/acr/v1/tags%2Fdigest/_tags?digest=${first.manifest.digest}`;
  expect((await json(path)).tags.map(({ name }: { name: string }) => name)).toEqual(['a', 'b']);
  const link = (await asAdmin('GET', `${path}&n=1`)).headers.get('link') ?? '';
  const next = /^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? '';
  expect((await json(next)).tags.map(({ name }: { name: string }) => name)).toEqual(['b']);
});

test('a push of the same digest moves the time of the tag, and not when it came', async () => {
  const image = await pushTags('tags/again', '1');
  const artifact = fixture.client.getArtifact('tags/again', '1');
  const before = await artifact.getTagProperties('1');
  await passTime();
  await fixture.content('tags/again').setManifest(image.manifest.bytes, { tag: '1', mediaType: types.manifest });
  const after = await artifact.getTagProperties('1');
  expect(after.digest).toBe(before.digest);
  expect(after.lastUpdatedOn.getTime()).toBeGreaterThan(before.lastUpdatedOn.getTime());
  expect(after.createdOn).toEqual(before.createdOn);
});

test('times have seven decimals, and lie between the moments before and after the push', async () => {
  const before = Date.now();
  await pushTags('tags/decimals', '1');
  const { tags } = await json('/acr/v1/tags%2Fdecimals/_tags');
  expect(tags[0].lastUpdateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  const time = Date.parse(tags[0].lastUpdateTime);
  expect(time).toBeGreaterThanOrEqual(before - 10);
  expect(time).toBeLessThanOrEqual(Date.now());
});

test('a deleted tag is gone, the image stays, and deleting it again changes nothing', async () => {
  const image = await pushTags('tags/deleted', 'a', 'b');
  const artifact = fixture.client.getArtifact('tags/deleted', 'a');
  await artifact.deleteTag('a');
  await expect(artifact.getTagProperties('a')).rejects.toMatchObject({ statusCode: 404 });
  await expect(fixture.content('tags/deleted').getManifest('a')).rejects.toMatchObject({ statusCode: 404 });
  expect((await fixture.content('tags/deleted').getManifest('b')).digest).toBe(image.manifest.digest);
  await artifact.deleteTag('a');
});

test('a deleted manifest takes its tags along', async () => {
  const image = await pushTags('manifests/deleted', 'a', 'b');
  await pushTags('manifests/deleted', 'c');
  await fixture.client.getArtifact('manifests/deleted', image.manifest.digest).delete();
  const artifact = fixture.client.getArtifact('manifests/deleted', 'c');
  expect((await collect(artifact.listTagProperties())).map(({ name }) => name)).toEqual(['c']);
  const digests = await collect(fixture.client.getRepository('manifests/deleted').listManifestProperties());
  expect(digests).toHaveLength(1);
});

test('manifests tell platform, size and tags; an index tells what it holds', async () => {
  const content = fixture.content('manifests/index');
  const parts = ['amd64', 'arm64'].map((architecture) => ({ architecture, image: makeImage(architecture) }));
  for (const { image } of parts) await pushImage(content, image);
  const index = makeIndex(parts);
  await content.setManifest(index.bytes, { tag: 'both', mediaType: types.index });
  const all = await collect(fixture.client.getRepository('manifests/index').listManifestProperties());
  const arm = all.find(({ digest }) => digest === parts[1]?.image.manifest.digest);
  expect(arm).toMatchObject({ architecture: 'arm64', operatingSystem: 'linux', tags: [] });
  expect(arm?.sizeInBytes).toBeGreaterThan(10_240);
  const top = await fixture.client.getArtifact('manifests/index', 'both').getManifestProperties();
  expect(top).toMatchObject({ digest: index.digest, tags: ['both'] });
  expect(top.relatedArtifacts?.map(({ architecture }) => architecture)).toEqual(['amd64', 'arm64']);
});

test('manifests come by time of their last push', async () => {
  const digests: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    digests.push((await pushTags('manifests/time', `t${i}`)).manifest.digest);
    await passTime();
  }
  const newest = fixture.client
    .getRepository('manifests/time')
    .listManifestProperties({ order: 'LastUpdatedOnDescending' });
  const pages = await collect(newest.byPage({ maxPageSize: 2 }));
  expect(pages.flat().map(({ digest }) => digest)).toEqual([...digests].reverse());
});

test('a repository counts its manifests and tags, and is gone once it is deleted', async () => {
  await pushTags('repository/deleted', 'a', 'b');
  const repository = fixture.client.getRepository('repository/deleted');
  expect(await repository.getProperties()).toMatchObject({ manifestCount: 1, tagCount: 2, canWrite: true });
  await repository.delete();
  await expect(repository.getProperties()).rejects.toMatchObject({ statusCode: 404 });
  expect(await collect(fixture.client.listRepositoryNames())).not.toContain('repository/deleted');
  const deleted = () =>
    fixture.notifications.filter((n) => n.target.repository === 'repository/deleted' && n.action === 'delete');
  await vi.waitFor(() => expect(deleted().length).toBeGreaterThan(0));
  await pushTags('repository/deleted', 'c');
  expect(await repository.getProperties()).toMatchObject({ manifestCount: 1, tagCount: 1 });
});

test('a locked tag cannot be moved or deleted until it is unlocked', async () => {
  const image = await pushTags('locks/tag', '1');
  const artifact = fixture.client.getArtifact('locks/tag', '1');
  const content = fixture.content('locks/tag');
  const move = () => content.setManifest(image.manifest.bytes, { tag: '1', mediaType: types.manifest });
  expect(await artifact.updateTagProperties('1', { canWrite: false })).toMatchObject({
    canWrite: false,
    canDelete: true,
  });
  await expect(move()).rejects.toMatchObject({ statusCode: 405 });
  await expect(artifact.deleteTag('1')).rejects.toMatchObject({ statusCode: 405 });
  await content.setManifest(image.manifest.bytes, { tag: '2', mediaType: types.manifest });
  await artifact.updateTagProperties('1', { canWrite: true });
  await move();
});

test('a manifest locked against deletion stays, alone and with its repository', async () => {
  const image = await pushTags('locks/manifest', '1');
  const artifact = fixture.client.getArtifact('locks/manifest', image.manifest.digest);
  await artifact.updateManifestProperties({ canDelete: false });
  await expect(artifact.delete()).rejects.toMatchObject({ statusCode: 405 });
  const repository = fixture.client.getRepository('locks/manifest');
  await expect(repository.delete()).rejects.toMatchObject({ statusCode: 405 });
  await artifact.updateManifestProperties({ canDelete: true });
  await artifact.delete();
});

test('what is not to be listed is not, but can be read', async () => {
  await pushTags('locks/hidden', 'shown', 'hidden');
  const artifact = fixture.client.getArtifact('locks/hidden', 'hidden');
  await artifact.updateTagProperties('hidden', { canList: false });
  expect((await collect(artifact.listTagProperties())).map(({ name }) => name)).toEqual(['shown']);
  expect((await artifact.getTagProperties('hidden')).canList).toBe(false);
});

test('a tag that comes again after its deletion is not locked any more', async () => {
  const image = await pushTags('locks/again', '1');
  const artifact = fixture.client.getArtifact('locks/again', '1');
  await artifact.updateTagProperties('1', { canList: false });
  await artifact.deleteTag('1');
  await fixture.content('locks/again').setManifest(image.manifest.bytes, { tag: '1', mediaType: types.manifest });
  expect(await artifact.getTagProperties('1')).toMatchObject({ canList: true });
});

test('a reader of a tag that is being moved sees one of its digests, never none', async () => {
  const content = fixture.content('tags/busy');
  const images = [makeImage(), makeImage()];
  for (const image of images) await pushImage(content, image, '1');
  const known = new Set(images.map(({ manifest }) => manifest.digest));
  let moving = true;
  // The real registry itself, as fast as it goes: the reader must meet it in the midst of writing.
  const move = async () => {
    for (let i = 0; i < 100; i += 1) {
      const body = new Uint8Array(images[i % 2]?.manifest.bytes ?? Buffer.of());
      const headers = { 'content-type': types.manifest };
      await fetch(`${fixture.registry.backend}/v2/tags/busy/manifests/1`, { method: 'PUT', headers, body });
    }
    moving = false;
  };
  const read = async () => {
    while (moving) {
      const manifest = await asAdmin('GET', '/v2/tags/busy/manifests/1', undefined, { accept: types.manifest });
      expect(manifest.status).toBe(200);
      expect(known).toContain(sha256(Buffer.from(await manifest.arrayBuffer())));
      expect(known).toContain((await json('/acr/v1/tags%2Fbusy/_tags/1')).tag.digest);
    }
  };
  await Promise.all([move(), read(), read(), read()]);
});

test.each([
  ['GET', '/acr/v1/unknown', 404, 'NAME_UNKNOWN'],
  ['GET', '/acr/v1/unknown/_tags', 404, 'NAME_UNKNOWN'],
  ['DELETE', '/acr/v1/unknown', 404, 'NAME_UNKNOWN'],
  ['GET', '/acr/v1/bad%2Fcases/_tags/none', 404, 'TAG_UNKNOWN'],
  ['DELETE', '/acr/v1/bad%2Fcases/_tags/none', 404, 'TAG_UNKNOWN'],
  ['GET', `/acr/v1/bad%2Fcases/_manifests/${sha256('none')}`, 404, 'MANIFEST_UNKNOWN'],
  ['GET', '/acr/v1/bad%2Fcases/_tags?n=0', 400, 'PAGINATION_NUMBER_INVALID'],
  ['GET', '/acr/v1/_catalog?n=many', 400, 'PAGINATION_NUMBER_INVALID'],
  ['GET', '/acr/v1/bad%2Fcases/_tags?orderby=size', 400, 'BAD_REQUEST'],
  ['POST', '/acr/v1/bad%2Fcases', 405, 'UNSUPPORTED'],
  ['PUT', '/acr/v1/bad%2Fcases/_tags', 405, 'UNSUPPORTED'],
])('%s %s is answered %i %s', async (method, path, status, code) => {
  const response = await asAdmin(method, path);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ code, message: expect.any(String) }] });
});

test.each(['', '{', '[]', '"x"', '{"writeEnabled":"no"}', '{"colour":true}'])(
  'a PATCH with the body %j is refused',
  async (body) => {
    const response = await asAdmin('PATCH', '/acr/v1/bad%2Fcases/_tags/1', body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ code: 'BAD_REQUEST' }] });
  },
);

test('a body that is too long is refused', async () => {
  const response = await asAdmin('PATCH', '/acr/v1/bad%2Fcases/_tags/1', ' '.repeat(300_000));
  expect(response.status).toBe(413);
});

function asAdmin(method: string, path: string, body?: string, more: Record<string, string> = {}): Promise<Response> {
  const { endpoint, admin } = fixture.registry;
  const authorization = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`;
  const headers = { authorization, ...more };
  return fetch(`${endpoint}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

// biome-ignore lint/suspicious/noExplicitAny: the test reads members as they are on the wire
async function json(path: string): Promise<any> {
  return (await asAdmin('GET', path)).json();
}
