import { ImportFailed, type ImportFailure, importFailures } from './failures.ts';
import { type Manifest, manifestTypes, parseManifest, sha256 } from './manifest.ts';
import type { SourceImage } from './reference.ts';
import type { RegistryClient } from './registryClient.ts';
import { type Answer, readAll } from './transport.ts';

/** ACR copies at most this many manifests of one image. */
const maximumManifests = 50;

/** Where an image is read from. */
export interface ImageSource {
  readonly client: RegistryClient;
  readonly repository: string;
  /** One of our registries words a missing manifest differently from any other registry. */
  readonly ours: boolean;
}

/** An image and everything below it, children before their index. */
export interface ImageTree {
  readonly root: Manifest;
  readonly all: readonly Manifest[];
}

export async function readImage(source: ImageSource, image: SourceImage, signal: AbortSignal): Promise<ImageTree> {
  const root = await readManifest(source, image.reference, signal);
  const found = new Map<string, Manifest>();
  await collect(source, root, found, signal);
  return { root, all: [...found.values()] };
}

async function collect(
  source: ImageSource,
  manifest: Manifest,
  found: Map<string, Manifest>,
  signal: AbortSignal,
): Promise<void> {
  for (const digest of manifest.children) {
    if (found.has(digest)) continue;
    if (found.size + 1 >= maximumManifests) throw new ImportFailed(importFailures.tooManyManifests(found.size + 2));
    await collect(source, await readManifest(source, { digest }, signal), found, signal);
  }
  found.set(manifest.digest, manifest);
}

async function readManifest(
  source: ImageSource,
  reference: SourceImage['reference'],
  signal: AbortSignal,
): Promise<Manifest> {
  const name = 'tag' in reference ? reference.tag : reference.digest;
  const answer = await source.client.send(`/v2/${source.repository}/manifests/${name}`, {
    headers: { accept: manifestTypes },
    signal,
  });
  const bytes = await readAll(answer.body);
  if (answer.status !== 200) throw new ImportFailed(failureOf(source, reference, answer, bytes.toString('utf8')));
  if ('digest' in reference && sha256(bytes) !== reference.digest) {
    throw new ImportFailed(importFailures.manifestMissing(source.repository, reference));
  }
  const manifest = parseManifest(bytes, answer.headers['content-type']);
  if (!manifest) throw new ImportFailed(importFailures.upstreamUnavailable('The manifest is not valid.'));
  return manifest;
}

function failureOf(
  source: ImageSource,
  reference: SourceImage['reference'],
  answer: Answer,
  text: string,
): ImportFailure {
  const body = text.trim().slice(0, 1024);
  switch (answer.status) {
    case 404:
      return source.ours
        ? importFailures.manifestMissing(source.repository, reference)
        : importFailures.upstreamNotFound(body);
    case 401:
    case 403:
      return importFailures.upstreamUnauthorized(body);
    case 429:
      return importFailures.upstreamTooManyRequests(body);
    default:
      return importFailures.upstreamUnavailable(`${answer.status} ${body}`);
  }
}
