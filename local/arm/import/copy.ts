import pLimit from 'p-limit';
import type { LocalRegistry } from '../../contracts.ts';
import { ImportFailed, importFailures } from './failures.ts';
import { type BlobDescriptor, type Manifest, manifestTypes } from './manifest.ts';
import type { RegistryClient } from './registryClient.ts';
import type { ImportRequest } from './request.ts';
import { type ImageSource, type ImageTree, readImage } from './source.ts';
import { discard } from './transport.ts';

const parallelBlobs = 4;

/** Where an image goes, and from which of the target's own repositories its blobs can be mounted. */
export interface CopyTarget {
  readonly registry: LocalRegistry;
  readonly client: RegistryClient;
  /** The source's repository, where source and target are one registry. */
  readonly mountFrom?: string;
}

/**
 * The effect of an import. NoForce looks before anything is copied; blobs go first, then manifests from the leaves
 * up, tags last. Throws ImportFailed for what the import itself reports.
 */
export async function copyImage(
  source: ImageSource,
  target: CopyTarget,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<void> {
  if (!request.force) await refuseExistingTags(target, request, signal);
  const tree = await readImage(source, request.image, signal);
  let mountFrom = target.mountFrom;
  for (const [repository, tags] of byRepository(request)) {
    const digests = new Set(tree.all.map(({ digest }) => digest));
    const from = mountFrom;
    await target.registry.asImport({ repository, digests }, async () => {
      await copyBlobs(source, target.client, repository, from, tree, signal);
      await putManifests(target.client, repository, tree, tags, signal);
    });
    mountFrom ??= repository;
  }
}

/** Each target repository with its tags; none for `untaggedTargetRepositories`. */
function byRepository(request: ImportRequest): Map<string, string[]> {
  const repositories = new Map<string, string[]>();
  for (const repository of request.untagged) repositories.set(repository, []);
  for (const { repository, tag } of request.targets) {
    repositories.set(repository, [...(repositories.get(repository) ?? []), tag]);
  }
  return repositories;
}

async function refuseExistingTags(target: CopyTarget, request: ImportRequest, signal: AbortSignal): Promise<void> {
  for (const { repository, tag } of request.targets) {
    const answer = await discard(
      await target.client.send(`/v2/${repository}/manifests/${tag}`, {
        method: 'HEAD',
        headers: { accept: manifestTypes },
        signal,
      }),
    );
    if (answer.status === 200) throw new ImportFailed(importFailures.tagExists(`${repository}:${tag}`));
  }
}

async function copyBlobs(
  source: ImageSource,
  client: RegistryClient,
  repository: string,
  mountFrom: string | undefined,
  tree: ImageTree,
  signal: AbortSignal,
): Promise<void> {
  const blobs = new Map(tree.all.flatMap(({ blobs: of }) => of).map((blob) => [blob.digest, blob]));
  const limit = pLimit(parallelBlobs);
  await Promise.all(
    [...blobs.values()].map((blob) =>
      limit(async () => {
        const path = `/v2/${repository}/blobs/${blob.digest}`;
        const present = await discard(await client.send(path, { method: 'HEAD', signal }));
        if (present.status !== 200) await copyBlob(source, client, repository, mountFrom, blob, signal);
      }),
    ),
  );
}

/** A blob of the same registry is mounted; any other is streamed. */
async function copyBlob(
  source: ImageSource,
  client: RegistryClient,
  repository: string,
  mountFrom: string | undefined,
  blob: BlobDescriptor,
  signal: AbortSignal,
): Promise<void> {
  const mount = mountFrom === undefined ? '' : `?mount=${blob.digest}&from=${encodeURIComponent(mountFrom)}`;
  const upload = await discard(
    await client.send(`/v2/${repository}/blobs/uploads/${mount}`, { method: 'POST', signal }),
  );
  if (upload.status === 201) return;
  const location = upload.headers.location;
  if (upload.status !== 202 || location === undefined) {
    throw new ImportFailed(importFailures.errorCopyingBlobs(`The target answered ${upload.status}.`));
  }
  const content = await source.client.send(`/v2/${source.repository}/blobs/${blob.digest}`, { signal });
  if (content.status !== 200) {
    await discard(content);
    throw new ImportFailed(importFailures.errorCopyingBlobs(`${blob.digest}: the source answered ${content.status}.`));
  }
  const put = await client.send(withDigest(location, blob.digest), {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
    body: content.body,
    signal,
  });
  await discard(put);
  if (put.status !== 201) {
    throw new ImportFailed(importFailures.errorCopyingBlobs(`${blob.digest}: the target answered ${put.status}.`));
  }
}

/** An upload's location may be relative, and carries its own state in the query. */
function withDigest(location: string, digest: string): string {
  const url = new URL(location, 'http://target.invalid');
  url.searchParams.set('digest', digest);
  return `${url.pathname}${url.search}`;
}

async function putManifests(
  client: RegistryClient,
  repository: string,
  tree: ImageTree,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const child of tree.all) {
    if (child !== tree.root) await putManifest(client, repository, child.digest, child, signal);
  }
  for (const reference of tags.length > 0 ? tags : [tree.root.digest]) {
    await putManifest(client, repository, reference, tree.root, signal);
  }
}

async function putManifest(
  client: RegistryClient,
  repository: string,
  reference: string,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<void> {
  const answer = await discard(
    await client.send(`/v2/${repository}/manifests/${reference}`, {
      method: 'PUT',
      headers: { 'content-type': manifest.mediaType, 'content-length': String(manifest.bytes.length) },
      body: manifest.bytes,
      signal,
    }),
  );
  if (answer.status !== 201) {
    throw new ImportFailed(
      importFailures.errorCopyingBlobs(`${manifest.digest}: the target answered ${answer.status}.`),
    );
  }
}
