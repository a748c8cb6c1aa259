import { describe, expect, test } from 'vitest';
import { showImages } from '../../src/lib/api/show-images.ts';
import type { History } from '../../src/lib/pipeline/history.ts';
import type { Head, Hold } from '../../src/lib/pipeline/model.ts';
import { catalog } from '../functions/catalog.ts';
import { act, head, tracked } from '../store/samples.ts';

const now = Date.now();
const minute = 60_000;
const hold = (until?: number): Hold => ({ ...act, ...(until !== undefined && { until }) });

/** What is shown of the image `node`. */
async function show({ heads = [], imageHold }: { heads?: readonly Partial<Head>[]; imageHold?: Hold }) {
  const tags = heads.map((one) => ({ head: head(one), tracked: tracked(), active: [], blocked: [], at: now }));
  const history = { heads: async () => ({ tags, newer: [] }) } as unknown as History;
  const imageHolds = { get: async (image: string) => (image === 'node' ? imageHold : undefined), set: async () => {} };
  const { images } = await showImages({ catalog, history: async () => history }, { imageHolds });
  return Object.fromEntries(images.map((image) => [image.name, image])).node;
}

describe('a hold', () => {
  test('of a tag is shown while it stands, and not once it has ended by itself', async () => {
    const until = new Date(now + minute).toISOString();
    expect((await show({ heads: [{ hold: hold(now + minute) }] }))?.tracked[0]?.hold).toMatchObject({ until });
    expect((await show({ heads: [{ hold: hold() }] }))?.tracked[0]?.hold).toMatchObject({ by: act.by });
    expect((await show({ heads: [{ hold: hold(now - minute) }] }))?.tracked[0]?.hold).toBeUndefined();
  });

  test('of an image is shown with the image, also before any tag was looked at', async () => {
    expect((await show({ imageHold: hold() }))?.hold).toMatchObject({ by: act.by, reason: act.reason });
    expect((await show({ imageHold: hold(now - minute) }))?.hold).toBeUndefined();
    expect((await show({}))?.hold).toBeUndefined();
  });
});

describe('a tag of the catalog', () => {
  test('that was never looked at is named', async () => {
    expect((await show({}))?.unseen).toEqual(['9-alpine']);
    expect((await show({ heads: [{}] }))?.unseen).toEqual([]);
  });

  test('that upstream does not have, or has no more, is shown as missing since then', async () => {
    const upstreamGoneSince = now - minute;
    const shown = await show({ heads: [{ upstreamGoneSince }] });
    expect(shown?.tracked[0]).toMatchObject({ upstreamGoneSince: new Date(upstreamGoneSince).toISOString() });
    expect(shown?.tracked[0]?.upstream).toBeUndefined();
  });
});
