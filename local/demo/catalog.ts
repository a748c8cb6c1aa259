import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';

/** What stands under `images` in sluice.yaml. */
export type CatalogImages = Readonly<Record<string, unknown>>;

interface Catalog {
  readonly images: Readonly<Record<string, { readonly tags: readonly string[] }>>;
}

const own = new URL('../../sluice.yaml', import.meta.url);

async function read(): Promise<Catalog> {
  return parse(await readFile(own, 'utf8')) as Catalog;
}

/** This repository's own catalog, following another tag. */
export async function catalogWithTag(tag: string): Promise<string> {
  const catalog = await read();
  const images = Object.entries(catalog.images).map(([name, image]) => [name, { ...image, tags: [tag] }]);
  return stringify({ ...catalog, images: Object.fromEntries(images) });
}

/** This repository's own catalog, with other images. */
export async function catalogWithImages(images: CatalogImages): Promise<string> {
  return stringify({ ...(await read()), images });
}
