import * as z from 'zod';
import type { Store } from './store.ts';

/** What a manifest says of itself. */
export interface ManifestInfo {
  readonly mediaType: string;
  readonly configMediaType?: string;
  /** Bytes of the manifest, its configuration and its layers; of an index, all its manifests' too. */
  readonly imageSize: number;
  readonly architecture?: string;
  readonly os?: string;
  readonly references?: readonly { readonly digest: string; readonly architecture?: string; readonly os?: string }[];
}

const descriptor = z.object({ digest: z.string(), size: z.number(), mediaType: z.string().optional() });
const platform = z.object({ architecture: z.string().optional(), os: z.string().optional() });
const image = z.object({
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).default([]),
});
const index = z.object({
  mediaType: z.string().optional(),
  manifests: z.array(descriptor.extend({ platform: platform.optional() })),
});
const docker1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/** Manifests never change, so each is read once. */
export function createManifestReader(store: Store): (digest: string) => Promise<ManifestInfo | undefined> {
  const known = new Map<string, ManifestInfo>();

  async function read(digest: string): Promise<ManifestInfo | undefined> {
    const present = known.get(digest);
    if (present) return present;
    const bytes = await store.blob(digest);
    if (!bytes) return undefined;
    const info = await describe(JSON.parse(bytes.toString()), bytes.length);
    known.set(digest, info);
    return info;
  }

  async function describe(json: unknown, size: number): Promise<ManifestInfo> {
    const asIndex = index.safeParse(json);
    if (asIndex.success) return describeIndex(asIndex.data, size);
    const asImage = image.safeParse(json);
    return asImage.success ? describeImage(asImage.data, size) : { mediaType: docker1, imageSize: size };
  }

  async function describeIndex(parsed: z.infer<typeof index>, size: number): Promise<ManifestInfo> {
    const children = await Promise.all(parsed.manifests.map(({ digest }) => read(digest)));
    return {
      mediaType: parsed.mediaType ?? 'application/vnd.oci.image.index.v1+json',
      imageSize: size + children.reduce((sum, child) => sum + (child?.imageSize ?? 0), 0),
      references: parsed.manifests.map((entry) => ({ digest: entry.digest, ...named(entry.platform) })),
    };
  }

  async function describeImage(parsed: z.infer<typeof image>, size: number): Promise<ManifestInfo> {
    const blob = await store.blob(parsed.config.digest);
    return {
      mediaType: parsed.mediaType ?? 'application/vnd.oci.image.manifest.v1+json',
      ...(parsed.config.mediaType ? { configMediaType: parsed.config.mediaType } : {}),
      imageSize: size + parsed.config.size + parsed.layers.reduce((sum, layer) => sum + layer.size, 0),
      ...named(parsePlatform(blob)),
    };
  }

  return read;
}

/** An artifact's configuration may be anything. */
function parsePlatform(blob: Buffer | undefined): z.infer<typeof platform> | undefined {
  try {
    return platform.parse(JSON.parse(blob?.toString() ?? ''));
  } catch {
    return undefined;
  }
}

function named(given: z.infer<typeof platform> | undefined): { architecture?: string; os?: string } {
  return {
    ...(given?.architecture ? { architecture: given.architecture } : {}),
    ...(given?.os ? { os: given.os } : {}),
  };
}
