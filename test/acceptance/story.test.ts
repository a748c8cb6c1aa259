import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ContainerHost, startContainerHost } from '../../local/demo/container.ts';
import { taskRuns } from '../../local/demo/hello-world.ts';
import { pushVariant } from '../../local/demo/images.ts';
import { ended, firstImage, type Pipeline, places, startPipeline, tag, until } from './pipeline.ts';

/** What is expected is read from registries and from a page that a container of the pushed image serves. */

let pipeline: Pipeline;
let container: ContainerHost;
const digest: Record<string, string> = {};

beforeAll(async () => {
  pipeline = await startPipeline({ settings: { SLUICE_WATCH_SCHEDULE: '*/2 * * * * *' } });
  const { world } = pipeline;
  const { caFile } = world.azure.certificate;
  container = await startContainerHost(world.dev, { caFile, stateDir: world.folder });
});
afterAll(async () => {
  await container?.close();
  await pipeline?.close();
});

/** Pulled by the digest that the dev registry has for the tag now. */
async function helloWorldPage(): Promise<string> {
  const { world } = pipeline;
  const image = await world.digest(world.dev, 'hello-world', 'latest');
  return container.show(`${world.dev.loginServer}/hello-world@${image}`);
}

async function publish(color: string): Promise<string> {
  const pushed = await pipeline.publish(color);
  digest[color] = pushed;
  return pushed;
}

const command = (name: string, body: Record<string, unknown>) =>
  pipeline.world.sluice.command(`/api/images/shell/tags/${tag}/${name}`, body);

const built = (color: string) => until(`hello-world on ${color}`, () => pipeline.builtOn() === digest[color]);

async function expectEverywhere(color: string): Promise<void> {
  const here = digest[color];
  expect(await pipeline.digests()).toEqual({ upstream: here, staging: here, target: here });
  await built(color);
  expect(await helloWorldPage()).toContain(`background: ${color}`);
}

test('the first image is promoted, and hello-world is built on it', async () => {
  digest.blue = await firstImage(pipeline);
  await expectEverywhere('blue');
});

test('an update upstream reaches hello-world by itself, and Sluice knows that it did', async () => {
  const end = await ended(pipeline, await publish('green'));
  expect(end).toMatchObject({ outcome: 'promoted', why: 'dependents: 1 rebuilt' });
  await expectEverywhere('green');
});

test('an image that fails its test stays in staging, and hello-world stays as it was', async () => {
  const builds = taskRuns(pipeline.world).length;
  const end = await ended(pipeline, await publish('red'));
  expect(end.outcome).toBe('rejected');
  expect(await pipeline.digests()).toEqual({ upstream: digest.red, staging: digest.red, target: digest.green });
  expect(taskRuns(pipeline.world)).toHaveLength(builds);
  expect(await helloWorldPage()).toContain('background: green');
});

test('the next good one passes', async () => {
  await ended(pipeline, await publish('orange'));
  await expectEverywhere('orange');
});

test('an update whose event is lost is found by the timer', async () => {
  const { faults } = pipeline.world.azure.events;
  const fault = faults.add({ kind: 'drop', match: { repository: places.upstream }, times: 1 });
  await ended(pipeline, await publish('teal'));
  expect(faults.list().find(({ id }) => id === fault.id)?.hits).toBe(1);
  await expectEverywhere('teal');
});

test('a forced reimport tests again, and moves and builds nothing', async () => {
  const builds = taskRuns(pipeline.world).length;
  const from = pipeline.seen.transitions.length;
  expect((await command('reimport', { reason: 'anything new?' })).status).toBe(200);
  expect((await command('reimport', { reason: 'again', force: true })).status).toBe(202);
  expect((await ended(pipeline, digest.teal ?? '', from)).outcome).toBe('unchanged');
  expect(taskRuns(pipeline.world)).toHaveLength(builds);
  await expectEverywhere('teal');
});

test('a patch by hand is built at once, and upstream waits for an operator', async () => {
  const { world } = pipeline;
  const client = world.repository(world.buffer, places.target);
  digest.purple = await pushVariant(client, tag, tag, { BACKGROUND_COLOR: 'purple' });
  expect((await ended(pipeline, digest.purple)).outcome).toBe('patched');
  await built('purple');
  expect(await helloWorldPage()).toContain('background: purple');

  const fix = await publish('lime');
  await until('the fix to wait', () =>
    pipeline.seen.transitions.some((one) => one.digest === fix && one.to === 'parked (hold)'),
  );
  expect(await pipeline.digests()).toEqual({ upstream: fix, staging: fix, target: digest.purple });

  expect((await command('resume', { reason: 'upstream has the fix' })).status).toBe(202);
  expect((await ended(pipeline, fix)).outcome).toBe('promoted');
  await expectEverywhere('lime');
});

test('a rollback moves the tag back, and hello-world with it', async () => {
  expect((await command('rollback', { digest: digest.teal, reason: 'lime hurts' })).status).toBe(202);
  await until('the end of the rollback', () =>
    pipeline.seen.transitions.some(({ outcome }) => outcome === 'rolled-back'),
  );
  expect(await pipeline.digests()).toEqual({ upstream: digest.lime, staging: digest.lime, target: digest.teal });
  await built('teal');
  expect(await helloWorldPage()).toContain('background: teal');
});
