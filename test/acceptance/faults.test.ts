import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { taskRuns } from '../../local/demo/hello-world.ts';
import type { FaultOptions } from '../../local/events/index.ts';
import { makeImage, makeIndex, pushImage, types } from '../local/registry-images.ts';
import { ended, firstImage, type Pipeline, places, startPipeline, tag, until } from './pipeline.ts';

const everySecond = '* * * * * *';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await startPipeline({
    settings: {
      SLUICE_WATCH_SCHEDULE: everySecond,
      SLUICE_SWEEP_SCHEDULE: everySecond,
      SLUICE_DRIFT_SCHEDULE: everySecond,
    },
  });
  await firstImage(pipeline);
});
afterAll(() => pipeline?.close());

afterEach(async () => {
  const { arm, events } = pipeline.world.azure;
  events.faults.clear();
  arm.imports.raiseEvents = true;
  arm.imports.fireTriggers = true;
  arm.triggers.fire = true;
  arm.triggers.delayMs = 0;
});

interface Weather {
  readonly title: string;
  readonly fault?: FaultOptions;
  readonly importsRaiseEvents?: boolean;
  readonly importsFireTriggers?: boolean;
  readonly triggers?: boolean;
  readonly triggersAfter?: number;
}

const weathers: readonly Weather[] = [
  { title: 'every event arrives once' },
  { title: 'every event is lost', fault: { kind: 'drop' } },
  { title: 'every event arrives four times', fault: { kind: 'duplicate', copies: 3 } },
  { title: 'every event is late', fault: { kind: 'delay', milliseconds: 2500 } },
  { title: 'events arrive in the wrong order', fault: { kind: 'reorder', window: 5, milliseconds: 1500 } },
  { title: 'imports raise no events and start no tasks', importsRaiseEvents: false, importsFireTriggers: false },
  { title: "ACR's trigger is late", triggersAfter: 1500 },
  { title: "ACR's trigger never comes", triggers: false },
  { title: "every event is lost and ACR's trigger never comes", fault: { kind: 'drop' }, triggers: false },
];

describe('one update', () => {
  test.each(weathers)('is imported, promoted and built once when $title', async (weather) => {
    const { world, seen } = pipeline;
    setWeather(weather);
    const before = { runs: taskRuns(world).length, validations: validations().length };
    seen.imports.length = 0;
    seen.moves.length = 0;
    const from = seen.transitions.length;

    const digest = await pipeline.publish('green');
    const end = await ended(pipeline, digest, from);
    await world.azure.events.idle();
    await settled();

    expect(end.outcome).toBe('promoted');
    expect(await pipeline.digests()).toEqual({ upstream: digest, staging: digest, target: digest });
    expect(pipeline.builtOn()).toBe(digest);
    expect(seen.imports).toEqual([
      expect.stringMatching(/^staging\/shell:1-\w+$/),
      expect.stringMatching(/^base-images\/shell:1-\w+$/),
    ]);
    expect(seen.moves).toEqual([digest]);
    expect(taskRuns(world).length - before.runs).toBe(1);
    expect(validations().length - before.validations).toBe(1);
    expect(new Set(seen.transitions.slice(from).map(({ run }) => run)).size).toBe(1);
  });
});

test('a multi-arch index goes through whole', async () => {
  const { world } = pipeline;
  const client = world.repository(world.buffer, places.upstream);
  const amd64 = await client.getManifest(await pipeline.publish('white'));
  await ended(pipeline, amd64.digest);
  const arm64 = makeImage('arm64');
  await pushImage(client, arm64);
  const index = makeIndex([
    {
      architecture: 'amd64',
      image: { manifest: { ...amd64, size: amd64.content.length, bytes: amd64.content }, blobs: [] },
    },
    { architecture: 'arm64', image: arm64 },
  ]);
  const { digest } = await client.setManifest(index.bytes, { tag, mediaType: types.index });

  expect((await ended(pipeline, digest)).outcome).toBe('promoted');
  expect(await pipeline.digests()).toEqual({ upstream: digest, staging: digest, target: digest });
  const promoted = world.repository(world.buffer, places.target);
  expect((await promoted.getManifest(digest)).content).toEqual(index.bytes);
  expect((await promoted.getManifest(amd64.digest)).digest).toBe(amd64.digest);
  expect((await promoted.getManifest(arm64.manifest.digest)).digest).toBe(arm64.manifest.digest);
  for (const { digest: blob } of arm64.blobs) await promoted.downloadBlob(blob);
  expect(pipeline.builtOn()).toBe(digest);
});

function setWeather(weather: Weather): void {
  const { arm, events } = pipeline.world.azure;
  if (weather.fault) events.faults.add(weather.fault);
  arm.imports.raiseEvents = weather.importsRaiseEvents ?? true;
  arm.imports.fireTriggers = weather.importsFireTriggers ?? true;
  arm.triggers.fire = weather.triggers ?? true;
  arm.triggers.delayMs = weather.triggersAfter ?? 0;
}

const validations = () =>
  pipeline.world.azure.arm.view.runs().filter(({ registry }) => registry === 'contosobaseimages');

/** Each timer has looked once more since: what a late event or a lost one would set off has been set off. */
async function settled(): Promise<void> {
  const { lines } = pipeline.seen;
  const from = lines.length;
  for (const name of ['watchUpstream', 'sweep', 'drift']) {
    await until(`another tick of ${name}`, () =>
      lines.slice(from).some((line) => line.includes('"sluice.tick"') && line.includes(`"function":"${name}"`)),
    );
  }
}
