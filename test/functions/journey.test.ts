import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sluice, startSluice, tickNow } from './sluice.ts';

const wait = { timeout: 50_000, interval: 100 };

describe('a push upstream', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ deaf: true });
    await sluice.push('tools/docker-cli:latest', { kind: 'docker-cli' });
  });
  afterAll(() => sluice?.close());

  test('is promoted by the timer alone, when every event is lost', async () => {
    const digest = await sluice.push('public/node:9-alpine', { kind: 'node', env: { BACKGROUND_COLOR: 'green' } });
    await tickNow(sluice, 'watchUpstream');
    await vi.waitFor(async () => expect(await sluice.digestOf('base-images/node:9-alpine')).toBe(digest), wait);
    await vi.waitFor(
      () => expect(sluice.logged('sluice.transition').at(-1)).toMatchObject({ outcome: 'promoted' }),
      wait,
    );
  });
});
