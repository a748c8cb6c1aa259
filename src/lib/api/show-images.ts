import type { App } from '../app.ts';
import { imageView, tagView } from './views.ts';

/** Every image of the catalog with the tags that have been looked at. */
export async function showImages(app: App) {
  const { images } = app.catalog;
  const history = await app.history();
  const { tags, newer } = await history.heads(images.map(({ name }) => name));
  return {
    images: images.map((image) => ({
      ...imageView(image),
      tracked: tags.filter(({ tracked }) => tracked.image === image.name).map(tagView),
      // Written by a newer release, which this one cannot read.
      newer: newer.filter((tracked) => tracked.image === image.name).map(({ tag }) => tag),
    })),
  };
}
