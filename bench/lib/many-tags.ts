/** A registry of many tags upstream, and Sluice that tracks some of them. */
import type { LocalRegistry } from '../../local/contracts.ts';
import { type Image, makeImage, types } from '../../test/local/registry-images.ts';
import type { Wire } from './wire.ts';
import { openWorld, type Sluice, type World } from './world.ts';

export const repositories = Array.from({ length: 10 }, (_, number) => `r${number}`);
/** Tags of each repository that a check looks at, and that there are. */
export const few = 20;
export const many = 100;
export const tagsOf = (count: number) => Array.from({ length: count }, (_, number) => `t${number}`);

/** `wire`: before upstream. */
export interface ManyTags {
  readonly world: World;
  readonly wire: Wire;
  readonly upstream: LocalRegistry;
}

export async function withManyTags<T>(work: (given: ManyTags) => Promise<T>): Promise<T> {
  const world = await openWorld();
  try {
    const [buffer, upstream] = [world.azure.registry('contosobaseimages'), world.azure.registry('contosodev')];
    const image = makeImage();
    await fill(upstream, 'up', image);
    await fill(buffer, 'base-images', image);
    return await work({ world, upstream, wire: await world.wire(upstream.endpoint) });
  } finally {
    await world.close();
  }
}

/** The same image under every tag. Straight to the real registry: it is no part of what is measured. */
async function fill(registry: LocalRegistry, prefix: string, image: Image): Promise<void> {
  for (const repository of repositories) {
    const base = `${registry.backend}/v2/${prefix}/${repository}`;
    for (const { bytes, digest } of image.blobs) {
      const upload = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
      const address = new URL(upload.headers.get('location') ?? '', registry.backend);
      address.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      await fetch(address, { method: 'PUT', body: new Uint8Array(bytes), headers });
    }
    await Promise.all(
      tagsOf(many).map(async (tag) => {
        const body = new Uint8Array(image.manifest.bytes);
        const headers = { 'content-type': types.manifest };
        const answer = await fetch(`${base}/manifests/${tag}`, { method: 'PUT', body, headers });
        if (answer.status !== 201) throw new Error(`Pushing ${base}:${tag} was answered ${answer.status}.`);
      }),
    );
  }
}

export function startTracking(
  { world, wire, upstream }: ManyTags,
  count: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Sluice> {
  const host = new URL(wire.origin).host;
  const images = repositories.map((repository) => [
    repository,
    {
      upstream: { image: `${host}/up/${repository}`, credentials: 'BENCH' },
      tags: tagsOf(count),
      validate: [],
    },
  ]);
  const settings = { ...more, BENCH_USERNAME: upstream.admin.username, BENCH_PASSWORD: upstream.admin.password };
  return world.start({ images: Object.fromEntries(images), settings, watched: 'everything', events: false });
}
