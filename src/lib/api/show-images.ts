import pLimit from 'p-limit';
import type { App } from '../app.ts';
import type { Image } from '../catalog/model.ts';
import type { Pipeline } from '../pipeline/session.ts';
import { imageView, tagView } from './views.ts';

/** One request of each image's hold; so many at once. */
const atOnce = 16;

/** Every image of the catalog with the tags that have been looked at, and those that have not. */
export async function showImages(
  { catalog, history }: Pick<App, 'catalog' | 'history'>,
  { imageHolds }: Pick<Pipeline, 'imageHolds'>,
) {
  const { images } = catalog;
  const { tags, newer } = await (await history()).heads(images.map(({ name }) => name));
  const limit = pLimit(atOnce);
  return {
    images: await Promise.all(
      images.map(async (image) => {
        const hold = await limit(() => imageHolds.get(image.name));
        const tracked = tags.filter((one) => one.tracked.image === image.name);
        const unread = newer.filter((one) => one.image === image.name).map(({ tag }) => tag);
        return {
          ...imageView(image, hold, Date.now()),
          tracked: tracked.map(tagView),
          unseen: unseenOf(image, [...tracked.map((one) => one.tracked.tag), ...unread]),
          // Written by a newer release, which this one cannot read.
          newer: unread,
        };
      }),
    ),
  };
}

/** Tags that the catalog names and that nobody has looked at yet; what a pattern will name, only upstream knows. */
function unseenOf({ tags }: Image, seen: readonly string[]): string[] {
  return tags.flatMap((pattern) => (pattern.kind === 'exact' && !seen.includes(pattern.tag) ? [pattern.tag] : []));
}
