import { createHash } from 'node:crypto';

export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export interface BlobDescriptor {
  readonly digest: string;
  readonly size: number;
}

/** A manifest by its exact bytes, and what it names. */
export interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly blobs: readonly BlobDescriptor[];
  /** Digests of the manifests of an index; empty for an image. */
  readonly children: readonly string[];
}

/** Undefined where `bytes` is no manifest. */
export function parseManifest(bytes: Buffer, contentType: string | undefined): Manifest | undefined {
  const document = parseObject(bytes);
  if (!document) return undefined;
  const declared = typeof document.mediaType === 'string' ? document.mediaType : undefined;
  const mediaType = declared ?? contentType?.split(';')[0]?.trim();
  if (mediaType === undefined || mediaType === '') return undefined;
  const blobs = [document.config, ...list(document.layers), ...list(document.blobs)].flatMap(blobOf);
  const children = list(document.manifests).flatMap((entry) => blobOf(entry).map(({ digest }) => digest));
  return { digest: sha256(bytes), mediaType, bytes, blobs, children };
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Layers that live elsewhere (`urls`, Windows base layers) are not copied. */
function blobOf(value: unknown): BlobDescriptor[] {
  if (typeof value !== 'object' || value === null) return [];
  const { digest, size, urls } = value as { digest?: unknown; size?: unknown; urls?: unknown };
  if (typeof digest !== 'string' || typeof size !== 'number') return [];
  return Array.isArray(urls) && urls.length > 0 ? [] : [{ digest, size }];
}
