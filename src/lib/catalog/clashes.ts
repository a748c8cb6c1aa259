import type { Registry } from './model.ts';
import type { ImageSketch } from './resolve-image.ts';
import type { Report } from './resolve-registries.ts';

type Place = 'staging' | 'target';

interface Use {
  readonly image: ImageSketch;
  readonly place: Place;
}

/** Rules between images: each repository of the buffer has one writer, and no image feeds itself. */
export function reportClashes(images: readonly ImageSketch[], buffer: Registry, report: Report): void {
  const writers = new Map<string, Use>();
  for (const image of images) {
    for (const place of ['staging', 'target'] as const) {
      const repository = image[place];
      if (repository === undefined) continue;
      const other = writers.get(repository);
      if (other === undefined) writers.set(repository, { image, place });
      else reportClash({ image, place }, other, report);
    }
  }
  for (const loop of loops(images, buffer, writers)) reportLoop(loop, report);
}

function reportClash({ image, place }: Use, other: Use, report: Report): void {
  report(['images', image.name, place], {
    message:
      other.image === image
        ? `staging and target are both ${image[place]}: nothing could be held back from it.`
        : `${image[place]} is the ${other.place} of ${other.image.name} already.`,
    expected: 'a repository of its own for every staging and target',
  });
}

/** Images in the order in which each is the next one's upstream; the last feeds the first. */
type Loop = readonly ImageSketch[];

function loops(images: readonly ImageSketch[], buffer: Registry, writers: ReadonlyMap<string, Use>): Loop[] {
  const found: Loop[] = [];
  const settled = new Set<ImageSketch>();
  for (const start of images) {
    const way: ImageSketch[] = [];
    for (let image: ImageSketch | undefined = start; image !== undefined && !settled.has(image); ) {
      const seen = way.indexOf(image);
      if (seen >= 0) {
        found.push(way.slice(seen).reverse());
        break;
      }
      way.push(image);
      image = feederOf(image, buffer, writers);
    }
    for (const image of way) settled.add(image);
  }
  return found;
}

/** The image that writes the repository which this one is taken from. */
function feederOf(
  { upstream }: ImageSketch,
  buffer: Registry,
  writers: ReadonlyMap<string, Use>,
): ImageSketch | undefined {
  if (upstream?.kind !== 'acr' || upstream.registry !== buffer) return undefined;
  return writers.get(upstream.repository)?.image;
}

function reportLoop(loop: Loop, report: Report): void {
  const names = loop.map((image) => image.name);
  for (const { name, upstream } of loop) {
    report(['images', name, 'upstream'], {
      message:
        names.length === 1
          ? `${name} would feed itself: ${upstream?.repository} is where its own images go.`
          : `${name} leads back to its own upstream: ${[...names, names[0]].join(' → ')}.`,
      expected: 'an upstream that no chain of images leads back to',
    });
  }
}
