import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerRegistryContentClient } from '@azure/container-registry';
import type { LocalRegistry } from '../../local/contracts.ts';

const run = promisify(execFile);

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Buffer;
}

export interface Image {
  readonly manifest: Blob;
  readonly blobs: readonly Blob[];
}

export const sha256 = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An image of one layer, different from every other. The layer is an empty tar, padded so that it is unique. */
export function makeImage(architecture = 'amd64', seed: string = randomUUID()): Image {
  const tar = Buffer.alloc(10_240);
  tar.write(seed, 1024 + 1);
  const layer = blob(types.layer, tar);
  const config = blob(
    types.config,
    json({ architecture, os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } }),
  );
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(config),
    layers: [describe(layer)],
  });
  return { manifest: blob(types.manifest, manifest), blobs: [layer, config] };
}

export function makeIndex(images: readonly { readonly architecture: string; readonly image: Image }[]): Blob {
  const manifests = images.map(({ architecture, image }) => ({
    ...describe(image.manifest),
    platform: { os: 'linux', architecture },
  }));
  return blob(types.index, json({ schemaVersion: 2, mediaType: types.index, manifests }));
}

export async function pushImage(client: ContainerRegistryContentClient, image: Image, tag?: string): Promise<string> {
  for (const { bytes } of image.blobs) await client.uploadBlob(bytes);
  const options = { mediaType: types.manifest, ...(tag === undefined ? {} : { tag }) };
  return (await client.setManifest(image.manifest.bytes, options)).digest;
}

/** Writes an OCI layout, which skopeo and buildah read as `oci:FOLDER:TAG`. */
export async function writeLayout(folder: string, top: Blob, blobs: readonly Blob[], tag: string): Promise<void> {
  const index = { schemaVersion: 2, manifests: [{ ...describe(top), annotations: { [refName]: tag } }] };
  await write(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  await write(join(folder, 'index.json'), json(index));
  for (const { digest, bytes } of [top, ...blobs]) await write(join(folder, 'blobs', digest.replace(':', '/')), bytes);
}

/** Runs skopeo as a client that trusts `caFolder`; `registry.admin` is its login where it needs one. */
export async function skopeo(...args: string[]): Promise<string> {
  return (await run('skopeo', args)).stdout;
}

export const login = ({ admin }: LocalRegistry) => `${admin.username}:${admin.password}`;

const refName = 'org.opencontainers.image.ref.name';
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const blob = (mediaType: string, bytes: Buffer): Blob => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.length,
  bytes,
});
const describe = ({ mediaType, digest, size }: Blob) => ({ mediaType, digest, size });

async function write(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
