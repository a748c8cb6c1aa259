import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHelloWorld, taskRuns } from '../../local/demo/hello-world.ts';
import { type Moment, moments, watch } from './moments.ts';
import { base, firstImage, type Pipeline, page, startPipeline, until } from './pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await startPipeline({
    // No look upstream: what was lost is found again by the sweep, or by Event Grid's next attempt.
    settings: { SLUICE_SWEEP_SCHEDULE: '* * * * * *' },
    messageInvisibility: 2,
    eventTimeScale: 0.05,
  });
  await firstImage(pipeline);
});
afterAll(() => pipeline?.close());

describe('the host is killed', () => {
  test.each(moments.map((moment, index) => ({ ...moment, number: index + 1 })))(
    '$number: when $title; started again, the update goes through once',
    ({ isThere, title }) => killAt(isThere, title),
  );

  test('21: when it has started hello-world itself; started again, it adopts that run', async () => {
    await createHelloWorld(pipeline.world, { base, context: page, trigger: false });
    await killAt(({ build }) => build() !== undefined, 'the kick');
  });
});

async function killAt(isThere: Moment['isThere'], title: string): Promise<void> {
  const { world, seen } = pipeline;
  const before = taskRuns(world).length;
  seen.imports.length = 0;
  seen.moves.length = 0;
  let digest = '';
  const watched = watch(pipeline, () => digest);
  const pushing = pipeline.publish('green').then((pushed) => {
    digest = pushed;
  });
  await until(title, () => isThere(watched));
  await world.killSluice();
  await pushing;
  watched.stop();
  await world.startSluice();

  const run = await until(`the end of the run of ${digest}`, async () => {
    const [newest] = await world.sluice.runs('shell', '1');
    return newest?.digest === digest && newest.outcome !== undefined && newest;
  });
  expect(run).toMatchObject({ kind: 'upstream', outcome: 'promoted' });
  expect(await pipeline.digests()).toEqual({ upstream: digest, staging: digest, target: digest });
  expect(seen.moves).toEqual([digest]);
  expect(pipeline.builtOn()).toBe(digest);
  expect(taskRuns(world).length - before).toBe(1);
  const runs = await world.sluice.runs('shell', '1');
  expect(runs.filter((one) => one.digest === digest)).toHaveLength(1);
}
