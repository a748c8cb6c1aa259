import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerRegistryManagementClient, type TriggerProperties } from '@azure/arm-containerregistry';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCredential } from '../../src/lib/azure/credential.ts';
import type { TaskRunInfo } from '../../src/lib/pipeline/ports.ts';
import { pushBusybox } from '../local/arm/busybox.ts';
import { type Front, type Rule, startFront } from '../upstream/front.ts';
import { type AzureFixture, startAzure } from './fixture.ts';

let fixture: AzureFixture;
let base: string;
const fronts: Front[] = [];
beforeAll(async () => {
  fixture = await startAzure({ without: ['events'] });
  base = await pushBase('one');
});
afterAll(() => fixture?.close());
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.close();
});

const wait = { timeout: 50_000, interval: 50 };

async function pushBase(release: string): Promise<string> {
  return (await pushBusybox(fixture.content('buffer', 'base-images/node'), '9-alpine', release)).digest;
}

/** A task in the dev registry, built on the target, started by ACR where the trigger is enabled. */
async function putTask(name: string, trigger: 'Enabled' | 'Disabled' | undefined, lines = 'RUN true'): Promise<void> {
  const context = join(fixture.azure.state, `context-${name}`);
  await mkdir(context, { recursive: true });
  await writeFile(
    join(context, 'Dockerfile'),
    `FROM ${fixture.buffer.loginServer}/base-images/node:9-alpine\n${lines}\n`,
  );
  const { subscription, resourceGroup, name: registry } = fixture.dev;
  const client = new ContainerRegistryManagementClient(
    createCredential({ identityClientId: undefined }),
    subscription,
    {
      endpoint: fixture.azure.arm.endpoint,
      credentialScopes: 'https://management.azure.com/.default',
    },
  );
  const triggers: TriggerProperties = trigger
    ? { baseImageTrigger: { name: 'base', baseImageTriggerType: 'Runtime', status: trigger } }
    : {};
  await client.tasks.beginCreateAndWait(resourceGroup, registry, name, {
    location: 'westeurope',
    platform: { os: 'Linux', architecture: 'amd64' },
    step: {
      type: 'Docker',
      contextPath: context,
      dockerFilePath: 'Dockerfile',
      imageNames: [`apps/${name}:latest`, `{{.Run.Registry}}/apps/${name}:{{.Run.ID}}`],
    },
    trigger: triggers,
  });
}

async function kick(task: string, token: string): Promise<TaskRunInfo> {
  const scheduled = await fixture.ports.tasks.kick(fixture.dev, task, token);
  if (scheduled.kind !== 'scheduled') throw new Error(scheduled.why);
  const runs = await endedRuns(task, 1);
  const run = runs.find(({ id }) => id === scheduled.taskRun);
  if (run === undefined) throw new Error(`run ${scheduled.taskRun} is not listed`);
  return run;
}

function endedRuns(task: string, least: number, since = 0): Promise<readonly TaskRunInfo[]> {
  return vi.waitUntil(async () => {
    const runs = await fixture.ports.tasks.runs(fixture.dev, task, since);
    const ended = runs.every(({ status }) => status !== 'queued' && status !== 'running');
    return runs.length >= least && ended && runs;
  }, wait);
}

describe('a task', () => {
  it('is unarmed until it has run once, then tells what it is built on', async () => {
    await putTask('arming', 'Disabled');
    expect(await fixture.ports.tasks.get(fixture.dev, 'arming')).toMatchObject({ armed: false, dependencies: [] });
    await kick('arming', 'token-1');
    expect(await fixture.ports.tasks.get(fixture.dev, 'arming')).toEqual({
      registry: fixture.dev.name,
      task: 'arming',
      enabled: true,
      triggerEnabled: false,
      armed: true,
      outputs: [{ registry: fixture.dev.loginServer, repository: 'apps/arming', tag: 'latest' }],
      dependencies: [
        {
          registry: fixture.buffer.loginServer,
          repository: 'base-images/node',
          tag: '9-alpine',
          digest: base,
          type: 'Runtime',
        },
      ],
    });
  });

  it.each([
    ['Enabled', true],
    ['Disabled', false],
    [undefined, false],
  ] as const)('whose base-image trigger is %s is started by ACR: %s', async (trigger, triggerEnabled) => {
    const name = `trigger-${trigger ?? 'none'}`;
    await putTask(name, trigger);
    expect(await fixture.ports.tasks.get(fixture.dev, name)).toMatchObject({ triggerEnabled });
  });

  it('that is not there is undefined', async () => {
    expect(await fixture.ports.tasks.get(fixture.dev, 'nobody')).toBeUndefined();
  });
});

describe('all tasks of a registry', () => {
  it('are listed', async () => {
    const tasks = await fixture.ports.tasks.list(fixture.dev);
    expect(tasks.map(({ task }) => task)).toEqual(expect.arrayContaining(['arming', 'trigger-Enabled']));
    expect(await fixture.ports.tasks.list(fixture.buffer)).toEqual([]);
  });

  it('cannot be listed in part', async () => {
    const nowhere = { ...fixture.dev, name: 'nowhere' };
    await expect(fixture.ports.tasks.list(nowhere)).rejects.toMatchObject({ details: { next: 'stall' } });
  });
});

describe('a kick', () => {
  it('starts one run, which carries its token and tells what came out', async () => {
    await putTask('kicked', 'Disabled');
    const run = await kick('kicked', 'token-of-the-kick');
    expect(run).toMatchObject({ status: 'succeeded', token: 'token-of-the-kick', pullRequest: false, triggeredBy: [] });
    const image = { registry: fixture.dev.loginServer, repository: 'apps/kicked' };
    expect(run.outputs).toContainEqual({ ...image, tag: 'latest', digest: expect.stringMatching(/^sha256:/) });
    expect(run.outputs).toContainEqual({ ...image, tag: run.id, digest: expect.stringMatching(/^sha256:/) });
  });

  it('certainly did not start where the task is not there', async () => {
    expect(await fixture.ports.tasks.kick(fixture.dev, 'nobody', 't')).toMatchObject({ kind: 'failed', next: 'stall' });
  });

  /** ARM that accepts every token and answers scheduleRun as told. */
  async function armThat(rule: Rule) {
    const front = await startFront({ tls: true, rule });
    fronts.push(front);
    return { front, tasks: fixture.portsWith({ armEndpoint: front.origin }).tasks };
  }

  it.each([500, 502, 503])('whose answer is %i may have started: it throws, and is not sent again', async (status) => {
    const { front, tasks } = await armThat(() => ({ status }));
    await expect(tasks.kick(fixture.dev, 'any', 't')).rejects.toMatchObject({ details: { next: 'retry' } });
    expect(front.seen.length).toBe(1);
  });

  it('whose connection breaks may have started: it throws, and is not sent again', async () => {
    const { front, tasks } = await armThat(() => Promise.reject(new Error('the connection breaks')));
    await expect(tasks.kick(fixture.dev, 'any', 't')).rejects.toMatchObject({ details: { next: 'retry' } });
    expect(front.seen.length).toBe(1);
  });

  it('that is throttled certainly did not start, and none is sent before its time', async () => {
    const { front, tasks } = await armThat(() => ({ status: 429, headers: { 'retry-after': '60' } }));
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await tasks.kick(fixture.dev, 'any', 't')).toMatchObject({ kind: 'failed', next: 'retry' });
    }
    expect(front.seen.length).toBe(1);
  });
});

describe('runs of a task', () => {
  it('name the base image that made ACR start them', async () => {
    await putTask('self-starting', 'Enabled');
    await kick('self-starting', 'token-first');
    const before = Date.now();
    const second = await pushBase('two');
    const newest = await vi.waitUntil(async () => {
      const [run] = await fixture.ports.tasks.runs(fixture.dev, 'self-starting', before);
      return run?.token !== 'token-first' && run?.status === 'succeeded' && run;
    }, wait);
    expect(newest).toMatchObject({ triggeredBy: [second], pullRequest: false });
    expect(newest.createdAt).toBeGreaterThanOrEqual(before - 1000);
  });

  it('always end with the newest successful one, however old it is', async () => {
    await putTask('breaking', 'Disabled');
    const good = await kick('breaking', 'good');
    await putTask('breaking', 'Disabled', 'RUN false');
    const since = Date.now();
    const bad = await kick('breaking', 'bad');
    expect(bad.status).toBe('failed');
    const runs = await fixture.ports.tasks.runs(fixture.dev, 'breaking', since);
    expect(runs.map(({ id, status }) => [id, status])).toEqual([
      [bad.id, 'failed'],
      [good.id, 'succeeded'],
    ]);
  });

  it('are those of the task alone', async () => {
    const runs = await fixture.ports.tasks.runs(fixture.dev, 'kicked', 0);
    expect(runs.length).toBe(1);
    expect(await fixture.ports.tasks.runs(fixture.dev, "x' or TaskName eq 'kicked", 0)).toEqual([]);
  });
});
