import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RegistryFixture, startFixture } from './registry-fixture.ts';
import { makeImage, pushImage } from './registry-images.ts';

let fixture: RegistryFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());

it('tells of a push once the tag shows what was pushed, as ACR does', async () => {
  const { registry, folder } = fixture;
  const link = join(folder, 'registry/data/docker/registry/v2/repositories/moved/_manifests/tags/1/current/link');
  const behind: string[] = [];
  let heard = 0;
  registry.onNotification(({ target }) => {
    if (target.tag !== '1') return;
    heard++;
    // Read at the very moment: a listener that asks the registry now must not see what was there before.
    const shown = existsSync(link) ? readFileSync(link, 'utf8') : 'nothing';
    if (shown !== target.digest) behind.push(`${target.digest}, and the tag shows ${shown}`);
  });
  const client = fixture.content('moved');
  const pushes = 60;
  for (let push = 0; push < pushes; push++) await pushImage(client, makeImage(), '1');
  while (heard < pushes) await turn();
  expect(behind).toEqual([]);
});
