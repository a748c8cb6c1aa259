import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseImageTrigger, Run, TaskUpdateParameters } from '@azure/arm-containerregistry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startRunner } from '../../../local/runner/index.ts';
import { pushBusybox } from './busybox.ts';
import { type ArmFixture, scope, startFixture } from './fixture.ts';

let fixture: ArmFixture;
const told = new Set<string>();
beforeAll(async () => {
  fixture = await startFixture((stateDir) => startRunner({ stateDir }));
  // After the endpoint's own listener, so that what it does is done.
  fixture.base.onNotification(({ target }) => told.add(target.digest ?? ''));
});
afterAll(() => fixture?.close());

const { resourceGroup } = scope;
const registry = 'contosodev';
const wait = { timeout: 50_000, interval: 50 };
const ended = ['Succeeded', 'Failed', 'Canceled', 'Error', 'Timeout'];

let name = '';
let release = 0;
let count = 0;
beforeEach(() => {
  count += 1;
  name = `trigger-${count}`;
});
afterEach(() => {
  fixture.arm.triggers.fire = true;
  fixture.arm.triggers.delayMs = 0;
  fixture.arm.imports.fireTriggers = true;
});

/** Pushes a new base image into the buffer, as base-images/NAME:1. */
async function pushBase(of = name, text?: string): Promise<string> {
  release += 1;
  const client = fixture.content(fixture.base, `base-images/${of}`);
  return (await pushBusybox(client, '1', text ?? `release ${release}`)).digest;
}

async function putTask(task: string, lines: readonly string[], trigger: Partial<BaseImageTrigger> = {}): Promise<void> {
  const context = join(fixture.folder, `context-${task}`);
  await mkdir(context, { recursive: true });
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await fixture.client.tasks.beginCreateAndWait(resourceGroup, registry, task, {
    location: scope.location,
    platform: { os: 'linux', architecture: 'amd64' },
    step: { type: 'Docker', contextPath: context, dockerFilePath: 'Dockerfile', imageNames: [`apps/${task}:latest`] },
    trigger: { baseImageTrigger: { name: 'base', baseImageTriggerType: 'Runtime', status: 'Enabled', ...trigger } },
  });
}

const from = (of = name) => `FROM ${fixture.base.loginServer}/base-images/${of}:1`;

async function build(task: string): Promise<void> {
  const { id } = await fixture.client.tasks.get(resourceGroup, registry, task);
  await fixture.client.registries.beginScheduleRunAndWait(resourceGroup, registry, {
    type: 'TaskRunRequest',
    taskId: id ?? '',
  });
  const [run] = await runsOf(task, 1);
  expect(run).toMatchObject({ status: 'Succeeded', runType: 'QuickRun' });
}

/** All runs of a task, newest first, once there are `least` and all have ended. */
async function runsOf(task: string, least: number): Promise<Run[]> {
  return vi.waitUntil(async () => {
    const runs: Run[] = [];
    const filter = `TaskName eq '${task}'`;
    for await (const run of fixture.client.runs.list(resourceGroup, registry, { filter })) runs.push(run);
    return runs.length >= least && runs.every(({ status }) => ended.includes(status ?? '')) && runs;
  }, wait);
}

/** What pushes so far would have started is started by now: the registry tells its pushes in order. */
async function letPass(): Promise<void> {
  const { digest } = await pushBusybox(fixture.content(fixture.base, 'sentinel'), '1', randomUUID());
  await vi.waitUntil(() => told.has(digest), wait);
}

async function update(task: string, change: TaskUpdateParameters): Promise<void> {
  await fixture.client.tasks.beginUpdateAndWait(resourceGroup, registry, task, change);
}

describe('a new digest of a base tag in another registry', () => {
  test('rebuilds the image that is FROM it, and the task shows what it was built on', async () => {
    const first = await pushBase(name, 'first');
    await putTask(name, [from(), 'RUN cat /etc/release > /built-on']);
    await build(name);
    const before = await fixture.client.tasks.get(resourceGroup, registry, name);
    const dependency = {
      type: 'Runtime',
      registry: fixture.base.loginServer,
      repository: `base-images/${name}`,
      tag: '1',
    };
    expect(before.step?.baseImageDependencies).toEqual([{ ...dependency, digest: first }]);
    const old = await fixture.content(fixture.dev, `apps/${name}`).getManifest('latest');

    const second = await pushBase(name, 'second');
    const [rebuilt] = await runsOf(name, 2);
    const { type: _, ...image } = { ...dependency, digest: second };
    expect(rebuilt).toMatchObject({
      status: 'Succeeded',
      runType: 'AutoBuild',
      task: name,
      imageUpdateTrigger: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        timestamp: expect.any(Date),
        images: [image],
      },
    });
    const after = await fixture.client.tasks.get(resourceGroup, registry, name);
    expect(after.step?.baseImageDependencies).toEqual([{ ...dependency, digest: second }]);
    const content = fixture.content(fixture.dev, `apps/${name}`);
    const present = await content.getManifest('latest');
    expect(present.digest).not.toBe(old.digest);
    expect(rebuilt?.outputImages?.[0]).toMatchObject({ repository: `apps/${name}`, digest: present.digest });
    const layers = (present.manifest as { layers?: { digest: string }[] }).layers ?? [];
    const base = await fixture.content(fixture.base, `base-images/${name}`).getManifest('1');
    expect(layers.map(({ digest }) => digest)).toHaveLength(
      ((base.manifest as { layers?: unknown[] }).layers ?? []).length + 1,
    );
  });

  test('starts nothing when the same digest is pushed again, and again when the tag moves back', async () => {
    const content = fixture.content(fixture.base, `base-images/${name}`);
    const first = await pushBase();
    const { content: bytes, mediaType } = await content.getManifest(first);
    await putTask(name, [from()]);
    await build(name);
    await content.setManifest(bytes, { tag: '1', mediaType });
    await letPass();
    expect(await runsOf(name, 1)).toHaveLength(1);

    await pushBase();
    await runsOf(name, 2);
    await content.setManifest(bytes, { tag: '1', mediaType });
    const [newest, ...older] = await runsOf(name, 3);
    expect(older).toHaveLength(2);
    expect(newest?.imageUpdateTrigger?.images).toMatchObject([{ digest: first }]);
  });

  test('starts nothing for another tag, a disabled trigger, or a disabled task', async () => {
    await pushBase();
    for (const task of [`${name}-tag`, `${name}-trigger`, `${name}-task`]) {
      await putTask(task, [from()]);
      await build(task);
    }
    await update(`${name}-trigger`, { trigger: { baseImageTrigger: { name: 'base', status: 'Disabled' } } });
    await update(`${name}-task`, { status: 'Disabled' });
    await pushBusybox(fixture.content(fixture.base, `base-images/${name}`), '2', 'another tag');
    await letPass();
    expect(await runsOf(`${name}-tag`, 1)).toHaveLength(1);
    await pushBase();
    await runsOf(`${name}-tag`, 2);
    await letPass();
    expect(await runsOf(`${name}-trigger`, 1)).toHaveLength(1);
    expect(await runsOf(`${name}-task`, 1)).toHaveLength(1);
  });
});

test('a base of an earlier build stage starts tasks that ask for All, not those that ask for Runtime', async () => {
  const stages = `${name}-stage`;
  await Promise.all([pushBase(), pushBase(stages)]);
  const lines = [`${from(stages)} AS stage`, 'RUN echo made > /made', from(), 'COPY --from=stage /made /made'];
  await putTask(`${name}-all`, lines, { baseImageTriggerType: 'All' });
  await putTask(`${name}-runtime`, lines);
  await build(`${name}-all`);
  await build(`${name}-runtime`);
  await pushBase(stages);
  await runsOf(`${name}-all`, 2);
  await letPass();
  expect(await runsOf(`${name}-runtime`, 1)).toHaveLength(1);
});

describe('an import that moves a base tag', () => {
  async function importBase(tag: string): Promise<void> {
    const source = { resourceId: fixture.base.resourceId, sourceImage: `base-images/${name}:${tag}` };
    const targetTags = [`base-images/${name}:1`];
    const poller = await fixture.client.registries.beginImportImage(
      resourceGroup,
      'contosobaseimages',
      { source, targetTags, mode: 'Force' },
      { updateIntervalInMs: 10 },
    );
    await poller.pollUntilDone();
  }

  test('starts tasks, or does not, as the control says', async () => {
    const client = fixture.content(fixture.base, `base-images/${name}`);
    await pushBase();
    await pushBusybox(client, 'a', `a of ${name}`);
    await pushBusybox(client, 'b', `b of ${name}`);
    await putTask(name, [from()]);
    await build(name);
    fixture.arm.imports.fireTriggers = false;
    await importBase('a');
    await letPass();
    expect(await runsOf(name, 1)).toHaveLength(1);
    fixture.arm.imports.fireTriggers = true;
    await importBase('b');
    expect(await runsOf(name, 2)).toHaveLength(2);
  });
});

describe('the controls', () => {
  test('keep triggers from firing', async () => {
    await pushBase();
    await putTask(name, [from()]);
    await build(name);
    fixture.arm.triggers.fire = false;
    await pushBase();
    await letPass();
    fixture.arm.triggers.fire = true;
    expect(await runsOf(name, 1)).toHaveLength(1);
  });

  test('delay them', async () => {
    await pushBase();
    await putTask(name, [from()]);
    await build(name);
    fixture.arm.triggers.delayMs = 200;
    const digest = await pushBase();
    expect(await runsOf(name, 1)).toHaveLength(1);
    const [run] = await runsOf(name, 2);
    expect(run?.imageUpdateTrigger?.images).toMatchObject([{ digest }]);
  });
});
