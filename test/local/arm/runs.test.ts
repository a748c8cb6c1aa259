import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run, RunRequestUnion } from '@azure/arm-containerregistry';
import { AnonymousCredential, AppendBlobClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startRunner } from '../../../local/runner/index.ts';
import { pushBusybox } from './busybox.ts';
import { type ArmFixture, registryPath, scope, startFixture } from './fixture.ts';

let fixture: ArmFixture;
beforeAll(async () => {
  // Five minutes, the least a request can ask for, become three seconds.
  fixture = await startFixture((stateDir) => startRunner({ stateDir }), { timeoutScale: 0.01 });
  await pushBusybox(fixture.content(fixture.dev, 'tools/busybox'), '1', 'one');
});
afterAll(() => fixture?.close());

const { resourceGroup } = scope;
const registry = 'contosodev';
const version = 'api-version=2019-06-01-preview';
const ended = ['Succeeded', 'Failed', 'Canceled', 'Error', 'Timeout'];
const wait = { timeout: 50_000, interval: 50 };

function yaml(content: string, values: Record<string, string> = {}): RunRequestUnion {
  return {
    type: 'EncodedTaskRunRequest',
    encodedTaskContent: Buffer.from(content).toString('base64'),
    values: Object.entries(values).map(([name, value]) => ({ name, value })),
    platform: { os: 'linux', architecture: 'amd64' },
  };
}

const cmd = (command: string) => yaml(`version: v1.1.0\nsteps:\n  - cmd: $Registry/tools/busybox:1 ${command}\n`);

async function schedule(request: RunRequestUnion): Promise<string> {
  const run = await fixture.client.registries.beginScheduleRunAndWait(resourceGroup, registry, request);
  return run.runId ?? '';
}

async function untilEnd(runId: string): Promise<Run> {
  return vi.waitUntil(async () => {
    const run = await fixture.client.runs.get(resourceGroup, registry, runId);
    return ended.includes(run.status ?? '') && run;
  }, wait);
}

/** Reads the log as anybody who has its link could. */
async function logOf(runId: string): Promise<AppendBlobClient> {
  const { logLink } = await fixture.client.runs.getLogSasUrl(resourceGroup, registry, runId);
  return new AppendBlobClient(logLink ?? '', new AnonymousCredential());
}

const text = async (blob: AppendBlobClient) => (await blob.downloadToBuffer()).toString('utf8');

describe('a run that passes', () => {
  test('goes from queued to succeeded, each answer showing just what is known by then', async () => {
    const path = `${registryPath(registry)}/scheduleRun?${version}`;
    const body = JSON.stringify(cmd('cat /etc/release'));
    const scheduled = await fixture.send('POST', path, { body });
    expect(scheduled.status).toBe(200);
    expect(scheduled.headers).not.toHaveProperty('location');
    const { properties } = scheduled.json as { properties: Record<string, string> };
    expect(Object.keys(properties)).toEqual([
      'runId',
      'status',
      'lastUpdatedTime',
      'provisioningState',
      'isArchiveEnabled',
    ]);
    expect(properties).toMatchObject({
      runId: expect.stringMatching(/^c[a-z0-9]{2,4}$/),
      status: 'Queued',
      lastUpdatedTime: expect.stringMatching(/T\d\d:\d\d:\d\d\+00:00$/),
    });
    const run = await untilEnd(properties.runId ?? '');
    expect(run).toMatchObject({
      status: 'Succeeded',
      runType: 'QuickRun',
      provisioningState: 'Succeeded',
      platform: { os: 'linux', architecture: 'amd64' },
      agentConfiguration: { cpu: 2 },
    });
    const times = [run.createTime, run.startTime, run.finishTime].map((time) => time?.getTime() ?? Number.NaN);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const shown = await fixture.send('GET', `${registryPath(registry)}/runs/${run.runId}?${version}`);
    expect(shown.text).not.toMatch(/null|"task"|"outputImages"|"runErrorMessage"/);
  });

  test('has a log that anybody with its link can read, complete at the end', async () => {
    const runId = await schedule(cmd('cat /etc/release'));
    const log = await logOf(runId);
    await untilEnd(runId);
    const { metadata, contentType, blobType } = await log.getProperties();
    expect(metadata).toEqual({ complete: 'successful' });
    expect(contentType).toBe('text/plain; charset=utf-8');
    expect(blobType).toBe('AppendBlob');
    expect(await text(log)).toMatch(new RegExp(`\none\n[^]*\r\nRun ID: ${runId} was successful after \\d+s\r\n$`));
    expect(await fixture.arm.view.readLog(registry, runId)).toBe(await text(log));
  });

  test('has a log that grows while it goes on', async () => {
    const runId = await schedule(cmd("sh -c 'echo first; while true; do sleep 1; done'"));
    const log = await logOf(runId);
    await vi.waitUntil(async () => (await text(log)).includes('\nfirst\n'), wait);
    expect((await log.getProperties()).metadata).toEqual({});
    expect(await fixture.client.runs.get(resourceGroup, registry, runId)).toMatchObject({ status: 'Running' });
    await fixture.client.runs.beginCancelAndWait(resourceGroup, registry, runId);
    await untilEnd(runId);
  });

  test('builds and pushes what a DockerBuildRequest names, and says what came out', async () => {
    const context = join(fixture.folder, 'quick-build');
    await mkdir(context);
    await writeFile(join(context, 'Dockerfile'), `ARG BASE\nFROM $BASE\nRUN echo built > /built\n`);
    const runId = await schedule({
      type: 'DockerBuildRequest',
      sourceLocation: context,
      dockerFilePath: 'Dockerfile',
      imageNames: ['quick/app:v1', 'quick/app:{{.Run.ID}}'],
      arguments: [{ name: 'BASE', value: `${fixture.dev.loginServer}/tools/busybox:1` }],
      platform: { os: 'Linux', architecture: 'amd64' },
    });
    const run = await untilEnd(runId);
    expect(run).toMatchObject({ status: 'Succeeded', runType: 'QuickBuild' });
    const { digest } = await fixture.content(fixture.dev, 'quick/app').getManifest('v1');
    const image = { registry: fixture.dev.loginServer, repository: 'quick/app', digest };
    expect(run.outputImages).toEqual([
      { ...image, tag: 'v1' },
      { ...image, tag: runId },
    ]);
  });

  test('takes its file, its values and their overrides from the context', async () => {
    const context = join(fixture.folder, 'file-task');
    await mkdir(context);
    const content =
      'version: v1.1.0\nsteps:\n  - cmd: $Registry/tools/busybox:1 echo {{.Values.who}}-{{.Values.how}}\n';
    await writeFile(join(context, 'acr-task.yaml'), content);
    await writeFile(join(context, 'values.yaml'), 'who: file\nhow: 7\n');
    const runId = await schedule({
      type: 'FileTaskRunRequest',
      sourceLocation: `file://${context}`,
      taskFilePath: 'acr-task.yaml',
      valuesFilePath: 'values.yaml',
      values: [{ name: 'who', value: 'request' }],
      platform: { os: 'linux' },
    });
    expect(await untilEnd(runId)).toMatchObject({ status: 'Succeeded' });
    expect(await text(await logOf(runId))).toContain('\nrequest-7\n');
  });
});

describe('a run that does not', () => {
  test('fails with exit status 1 when its command does, though provisioningState says Succeeded', async () => {
    const runId = await schedule(cmd("sh -c 'exit 1'"));
    expect(await untilEnd(runId)).toMatchObject({
      status: 'Failed',
      runErrorMessage: 'failed during run, err: exit status 1',
      provisioningState: 'Succeeded',
    });
    const log = await text(await logOf(runId));
    expect(log).toContain('failed to run step ID: acb_step_0: exit status 1');
    expect(log).toMatch(
      new RegExp(`\r\nRun ID: ${runId} failed after \\d+s. Error: failed during run, err: exit status 1\r\n$`),
    );
  });

  test('fails with exit status 125 in its log when an image cannot be pulled', async () => {
    const runId = await schedule(yaml('version: v1.1.0\nsteps:\n  - cmd: $Registry/tools/none:1 true\n'));
    expect(await untilEnd(runId)).toMatchObject({
      status: 'Failed',
      runErrorMessage: 'failed during run, err: exit status 1',
    });
    expect(await text(await logOf(runId))).toContain('exit status 125');
  });

  test('ends as Timeout when its time is up', async () => {
    const runId = await schedule({ ...cmd('sleep 600'), timeout: 300 } as RunRequestUnion);
    const run = await untilEnd(runId);
    expect(run.status).toBe('Timeout');
    expect(run.outputImages).toBeUndefined();
    expect((await (await logOf(runId)).getProperties()).metadata).toEqual({ complete: 'successful' });
  });

  test('ends as Canceled when it is cancelled, and a second cancellation changes nothing', async () => {
    const runId = await schedule(cmd('sleep 600'));
    await vi.waitUntil(async () => {
      const { status } = await fixture.client.runs.get(resourceGroup, registry, runId);
      return status === 'Running';
    }, wait);
    await fixture.client.runs.beginCancelAndWait(resourceGroup, registry, runId);
    const run = await untilEnd(runId);
    expect(run.status).toBe('Canceled');
    await fixture.client.runs.beginCancelAndWait(resourceGroup, registry, runId);
    expect(await fixture.client.runs.get(resourceGroup, registry, runId)).toEqual(run);
  });

  const build = { type: 'DockerBuildRequest', dockerFilePath: 'Dockerfile', platform: { os: 'linux' } } as const;
  test.each([
    ['a git context', 'https://github.com/contoso/app.git#main', "'https://github.com/contoso/app.git#main' is remote"],
    ['a relative context', 'app', "'app' is relative"],
    ['a context that is not there', '/nowhere/at/all', "'/nowhere/at/all' is not a directory"],
    ['no context', undefined, 'the step has no context'],
  ])('says in its error and its log what is wrong with %s', async (_, sourceLocation, message) => {
    const runId = await schedule({ ...build, ...(sourceLocation === undefined ? {} : { sourceLocation }) });
    const run = await untilEnd(runId);
    expect(run).toMatchObject({ status: 'Failed', runErrorMessage: expect.stringContaining(message) });
    const log = await text(await logOf(runId));
    expect(log).toContain(message);
    expect(log).toMatch(/\r\nRun ID: \w+ failed after 0s\. Error: failed to .*\r\n$/);
  });

  test.each(['../secret', 'link', '/etc/passwd'])('cannot read %s, which is outside its context', async (file) => {
    const context = join(fixture.folder, `outside-${file.replaceAll(/\W/g, '')}`);
    await mkdir(context);
    await writeFile(join(fixture.folder, 'secret'), 'version: v1.1.0\nsteps: []\n');
    await symlink(join(fixture.folder, 'secret'), join(context, 'link'));
    const runId = await schedule({
      type: 'FileTaskRunRequest',
      sourceLocation: context,
      taskFilePath: file,
      platform: { os: 'linux' },
    });
    expect(await untilEnd(runId)).toMatchObject({
      status: 'Failed',
      runErrorMessage: expect.stringContaining('outside the context'),
    });
  });
});

describe('tasks', () => {
  const create = (name: string, content: string, status: 'Enabled' | 'Disabled' = 'Enabled') =>
    fixture.client.tasks.beginCreateAndWait(resourceGroup, registry, name, {
      location: 'westeurope',
      status,
      platform: { os: 'linux', architecture: 'amd64' },
      step: {
        type: 'EncodedTask',
        encodedTaskContent: Buffer.from(content).toString('base64'),
        values: [{ name: 'who', value: 'task' }],
      },
    });
  const echo = 'version: v1.1.0\nsteps:\n  - cmd: $Registry/tools/busybox:1 echo {{.Values.who}}\n';

  test('run with the overrides of the request, whose token the run echoes', async () => {
    const { id } = await create('override-task', echo);
    const runId = await schedule({
      type: 'TaskRunRequest',
      taskId: id ?? '',
      overrideTaskStepProperties: { values: [{ name: 'who', value: 'request' }], updateTriggerToken: 'token-7' },
    });
    expect(await untilEnd(runId)).toMatchObject({
      status: 'Succeeded',
      task: 'override-task',
      runType: 'QuickRun',
      updateTriggerToken: 'token-7',
    });
    expect(await text(await logOf(runId))).toContain('\nrequest\n');
  });

  test('that are disabled cannot be run', async () => {
    const { id } = await create('disabled-task', echo, 'Disabled');
    await expect(schedule({ type: 'TaskRunRequest', taskId: id ?? '' })).rejects.toMatchObject({
      statusCode: 400,
      code: 'TaskDisabled',
    });
  });

  test.each([
    ['of another name', `${registryPath(registry)}/tasks/nothing`, 404],
    ['of another registry', `${registryPath('contosobaseimages')}/tasks/override-task`, 404],
    ['that is no resource id', 'override-task', 400],
  ])('%s cannot be run', async (_, taskId, statusCode) => {
    await expect(schedule({ type: 'TaskRunRequest', taskId })).rejects.toMatchObject({ statusCode });
  });
});

test('an archived run is marked by an update', async () => {
  const runId = await schedule(cmd('true'));
  await untilEnd(runId);
  const updated = await fixture.client.runs.beginUpdateAndWait(resourceGroup, registry, runId, {
    isArchiveEnabled: true,
  });
  expect(updated).toMatchObject({ runId, status: 'Succeeded', isArchiveEnabled: true });
});
