import type { Run } from '@azure/arm-containerregistry';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startRunner } from '../../../local/runner/index.ts';
import { pushBusybox } from './busybox.ts';
import { type ArmFixture, scope, startFixture } from './fixture.ts';

let fixture: ArmFixture;
beforeAll(async () => {
  fixture = await startFixture((stateDir) => startRunner({ stateDir }));
  await pushBusybox(fixture.content(fixture.dev, 'tools/busybox'), '1', 'one');
});
afterAll(() => fixture?.close());

const { resourceGroup } = scope;
const registry = 'contosodev';
const wait = { timeout: 50_000, interval: 50 };

async function schedule(command: string): Promise<string> {
  const content = `version: v1.1.0\nsteps:\n  - cmd: $Registry/tools/busybox:1 ${command}\n`;
  const run = await fixture.client.registries.beginScheduleRunAndWait(resourceGroup, registry, {
    type: 'EncodedTaskRunRequest',
    encodedTaskContent: Buffer.from(content).toString('base64'),
    platform: { os: 'linux' },
  });
  return run.runId ?? '';
}

const get = (runId: string) => fixture.client.runs.get(resourceGroup, registry, runId);
const cancel = (runId: string) => fixture.client.runs.beginCancelAndWait(resourceGroup, registry, runId);

async function list(filter?: string, top?: number): Promise<string[]> {
  const ids: string[] = [];
  const options = { ...(filter === undefined ? {} : { filter }), ...(top === undefined ? {} : { top }) };
  for await (const run of fixture.client.runs.list(resourceGroup, registry, options)) ids.push(run.runId ?? '');
  return ids;
}

test('only two runs go on at a time; a queued one can be cancelled and leaves its place to the next', async () => {
  const ids: string[] = [];
  for (let at = 0; at < 4; at++) ids.push(await schedule('sleep 600'));
  const [first = '', second = '', third = '', fourth = ''] = ids;
  await vi.waitUntil(
    async () => [await get(first), await get(second)].every(({ status }) => status === 'Running'),
    wait,
  );
  for (const id of [third, fourth]) {
    const queued = await get(id);
    expect(queued).toMatchObject({ status: 'Queued', runType: 'QuickRun', createTime: expect.any(Date) });
    expect(queued.startTime).toBeUndefined();
  }

  await cancel(third);
  const cancelled = await get(third);
  expect(cancelled).toMatchObject({ status: 'Canceled', finishTime: expect.any(Date) });
  expect(cancelled.startTime).toBeUndefined();
  await vi.waitUntil(async () => (await fixture.arm.view.readLog(registry, third))?.includes('was canceled'), wait);

  await cancel(first);
  await vi.waitUntil(async () => (await get(fourth)).status === 'Running', wait);
  for (const id of [second, fourth]) await cancel(id);
  await vi.waitUntil(async () => (await list("Status eq 'Running'")).length === 0, wait);
  expect(await list("Status eq 'Canceled'")).toEqual([fourth, third, second, first]);
});

test('runs are listed newest first, page by page, by filter and up to $top', async () => {
  const passed = await schedule('true');
  await vi.waitUntil(async () => (await get(passed)).status === 'Succeeded', wait);
  const holding = [await schedule('sleep 600'), await schedule('sleep 600')];
  await vi.waitUntil(async () => (await list("Status eq 'Running'")).length === 2, wait);
  const queued: string[] = [];
  for (let at = 0; at < 104; at++) queued.push(await schedule('true'));

  const pages: Run[][] = [];
  for await (const page of fixture.client.runs.list(resourceGroup, registry).byPage()) pages.push(page);
  expect(pages.map(({ length }) => length)).toEqual([100, pages.flat().length - 100]);
  const all = pages.flat().map(({ runId }) => runId);
  expect(all.slice(0, 104)).toEqual(queued.toReversed());
  expect(new Set(all).size).toBe(all.length);

  expect(await list("Status eq 'Succeeded'")).toEqual([passed]);
  expect(await list("Status eq 'Queued'", 3)).toEqual(queued.toReversed().slice(0, 3));
  expect(await list("Status eq 'Queued'", 102)).toEqual(queued.toReversed().slice(0, 102));
  const { createTime } = await get(passed);
  expect(await list(`CreateTime le ${createTime?.toISOString()} and RunType eq 'QuickRun'`)).toContain(passed);
  await expect(list('Colour eq 1')).rejects.toMatchObject({ statusCode: 400, code: 'InvalidFilter' });

  for (const id of [...queued, ...holding]) await cancel(id);
  await vi.waitUntil(async () => (await list("Status eq 'Running'")).length === 0, wait);
});

test('closing ends what still runs', async () => {
  await schedule('sleep 600');
  await vi.waitUntil(() => fixture.arm.view.runs()[0]?.status === 'Running', wait);
  await fixture.arm.close();
  expect(fixture.arm.view.runs()[0]?.status).toBe('Canceled');
});
