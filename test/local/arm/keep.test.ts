import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalArm, startArm } from '../../../local/arm/index.ts';
import type { TaskRunner } from '../../../local/contracts.ts';
import { startRunner } from '../../../local/runner/index.ts';
import { pushBusybox } from './busybox.ts';
import { type ArmFixture, clientOf, noRunner, scope, startFixture } from './fixture.ts';

let fixture: ArmFixture;
let runner: TaskRunner;
beforeAll(async () => {
  fixture = await startFixture(async () => noRunner);
  runner = await startRunner({ stateDir: join(fixture.folder, 'kept-runner') });
  await pushBusybox(fixture.content(fixture.dev, 'tools/busybox'), '1', 'one');
});
afterAll(async () => {
  await runner?.close();
  await fixture?.close();
});

const { resourceGroup } = scope;
const registry = 'contosodev';
const wait = { timeout: 50_000, interval: 50 };

function start(stateFile: string): Promise<LocalArm> {
  const { certificate, identity, base, dev, storage } = fixture;
  const tokens = identity.authority;
  return startArm({ scope, certificate, tokens, registries: [base, dev], runner, storage, options: { stateFile } });
}

function schedule(arm: LocalArm, command: string) {
  const content = `version: v1.1.0\nsteps:\n  - cmd: $Registry/tools/busybox:1 ${command}\n`;
  return clientOf(arm.endpoint, fixture.credential).registries.beginScheduleRunAndWait(resourceGroup, registry, {
    type: 'EncodedTaskRunRequest',
    encodedTaskContent: Buffer.from(content).toString('base64'),
    platform: { os: 'linux' },
  });
}

test('tasks, runs and their logs are there again after a restart, and ids are not given twice', async () => {
  const file = join(fixture.folder, 'arm.json');
  const first = await start(file);
  const tasks = clientOf(first.endpoint, fixture.credential).tasks;
  const task = { location: 'westeurope', step: { type: 'FileTask', taskFilePath: 'x.yaml' } } as const;
  await tasks.beginCreateAndWait(resourceGroup, registry, 'kept-task', task);
  await tasks.beginCreateAndWait(resourceGroup, registry, 'gone-task', task);
  await tasks.beginDeleteAndWait(resourceGroup, registry, 'gone-task');
  const { runId = '' } = await schedule(first, 'echo kept');
  await vi.waitUntil(() => first.view.runs()[0]?.status === 'Succeeded', wait);
  const before = first.view.runs();
  await first.close();

  const second = await start(file);
  expect(second.view.tasks().map(({ name }) => name)).toEqual(['kept-task']);
  expect(second.view.runs()).toEqual(before);
  const run = await clientOf(second.endpoint, fixture.credential).runs.get(resourceGroup, registry, runId);
  expect(run).toMatchObject({ status: 'Succeeded', createTime: before[0]?.createTime });
  expect(await second.view.readLog(registry, runId)).toContain('\nkept\n');
  const next = await schedule(second, 'true');
  expect(next.runId).not.toBe(runId);
  await second.close();
});

test('a run that was going on when the process died has ended with an error', async () => {
  const file = join(fixture.folder, 'died.json');
  const first = await start(file);
  await schedule(first, 'sleep 600');
  await vi.waitUntil(() => first.view.runs()[0]?.status === 'Running', wait);
  const died = { version: 1, tasks: [], runs: first.view.runs() };
  await first.close();
  await writeFile(file, JSON.stringify(died));

  const second = await start(file);
  expect(second.view.runs()).toMatchObject([
    { status: 'Error', runErrorMessage: 'failed during run, err: the local Azure was stopped' },
  ]);
  await second.close();
});

test('a file of another version is refused, naming it', async () => {
  const file = join(fixture.folder, 'future.json');
  await writeFile(file, JSON.stringify({ version: 2 }));
  await expect(start(file)).rejects.toThrow(`Reading ${file} failed: version 1 is expected, 2 was found`);
});
