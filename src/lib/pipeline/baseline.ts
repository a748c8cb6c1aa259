/** The first look at a tracked tag: what stands in staging and target is taken as it is. */
import { shown } from '../image/digest.ts';
import { isHeld } from './holds.ts';
import type { DigestRow, Head, Hold } from './model.ts';
import type { Session } from './session.ts';

export type Baseline =
  | { readonly kind: 'unknown'; readonly why: string }
  | {
      readonly kind: 'known';
      readonly head: Partial<Head>;
      readonly digests: readonly DigestRow[];
      readonly why: string;
    };

export async function readBaseline({ pipeline, image, tracked }: Session): Promise<Baseline> {
  const [staging, target] = await Promise.all([
    pipeline.buffer.readTag(image.staging, tracked.tag),
    pipeline.buffer.readTag(image.target, tracked.tag),
  ]);
  if (staging.kind === 'unknown') return staging;
  if (target.kind === 'unknown') return target;
  const digests = new Map<string, DigestRow>();
  if (staging.kind === 'found') digests.set(staging.digest, { digest: staging.digest });
  if (target.kind === 'found') {
    digests.set(target.digest, { digest: target.digest, inTargetAt: target.at });
  }
  const has = (place: string, reading: typeof staging) =>
    `${place} has ${shown(reading.kind === 'found' ? reading.digest : undefined)}`;
  return {
    kind: 'known',
    head: {
      ...(staging.kind === 'found' && { staging: { digest: staging.digest, at: staging.at } }),
      ...(target.kind === 'found' && { target: { digest: target.digest, at: target.at } }),
    },
    digests: [...digests.values()],
    why: `first sight: ${has('staging', staging)}, ${has('the target', target)}`,
  };
}

/** A hold of the whole image holds for tags that appear while it stands. */
export async function imageHoldFor({ pipeline, tracked, loaded }: Session): Promise<Hold | undefined> {
  const hold = await pipeline.imageHolds.get(tracked.image);
  return isHeld(hold, loaded.at) ? hold : undefined;
}
