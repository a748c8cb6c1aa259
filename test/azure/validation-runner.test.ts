import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BaseImages } from '../../local/runner/base-image.ts';
import { createCredential } from '../../src/lib/azure/credential.ts';
import type { ValidationEntry } from '../../src/lib/catalog/model.ts';
import type { Digest } from '../../src/lib/image/digest.ts';
import type { TaskRunInfo, ValidationJob } from '../../src/lib/pipeline/ports.ts';
import { classify } from '../../src/lib/pipeline/verdict.ts';
import { type AzureFixture, digest, repository, startAzure, tag } from './fixture.ts';

let fixture: AzureFixture;
let folder: string;
let candidate: Digest;
beforeAll(async () => {
  fixture = await startAzure({ without: ['events'], arm: { timeoutScale: 0.01 } });
  folder = await mkdtemp(join(tmpdir(), 'sluice-validation-'));
  const images = new BaseImages(folder, fixture.azure.certificate.caFile);
  const { loginServer, name } = fixture.buffer;
  const login = fixture.azure.registry(name).admin;
  await images.make({ kind: 'docker-cli', reference: `${loginServer}/tools/docker-cli:28`, login });
  const env = { BACKGROUND_COLOR: 'green' };
  const made = await images.make({ kind: 'busybox', reference: `${loginServer}/staging/app:1`, env, login });
  candidate = digest(made.digest);
});
afterAll(async () => {
  await fixture?.close();
  await rm(folder, { recursive: true, force: true });
});

const limits = { memory: '64m', cpus: 1, pidsLimit: 64, timeoutSeconds: 30 };
const run = (...command: string[]): ValidationEntry => ({ kind: 'run', command, ...limits });
const script = (content: string): ValidationEntry => ({
  kind: 'script',
  path: 'x.sh',
  shell: 'sh',
  content,
  ...limits,
});
const steps = (content: string): ValidationEntry => ({ kind: 'steps', path: 'x.yaml', content, timeoutSeconds: 300 });

function job(entry: ValidationEntry, changes: Partial<ValidationJob> = {}): ValidationJob {
  return {
    entry,
    repository: repository('staging/app'),
    digest: candidate,
    tag: tag('9-alpine'),
    run: 'r1abc',
    token: `token-${Math.random()}`,
    ...changes,
  };
}

interface Ended {
  readonly info: TaskRunInfo;
  readonly log: string;
  readonly verdict: string;
}

async function validate(wanted: ValidationJob, { validations } = fixture.ports): Promise<Ended> {
  const scheduled = await validations.schedule(wanted);
  if (scheduled.kind !== 'scheduled') throw new Error(scheduled.why);
  const info = await untilEnd(scheduled.taskRun);
  const log = await validations.logEnd(scheduled.taskRun);
  return { info, log, verdict: classify(scheduled.taskRun, info, log).state };
}

function untilEnd(taskRun: string): Promise<TaskRunInfo> {
  return vi.waitUntil(
    async () => {
      const info = await fixture.ports.validations.get(taskRun);
      return info !== undefined && info.status !== 'queued' && info.status !== 'running' && info;
    },
    { timeout: 50_000, interval: 50 },
  );
}

describe('a validation inside the candidate', () => {
  it('passes where the command says yes', async () => {
    const { info, verdict } = await validate(job(run('sh', '-c', '[ "$BACKGROUND_COLOR" = green ]')));
    expect(verdict).toBe('passed');
    expect(info.createdAt).toBeLessThanOrEqual(info.startedAt ?? 0);
    expect(info.startedAt).toBeLessThanOrEqual(info.finishedAt ?? 0);
  });

  it('rejects where it says no, with its words in the log', async () => {
    const { verdict, log } = await validate(job(run('sh', '-c', `echo "it's $BACKGROUND_COLOR"; exit 3`)));
    expect(verdict).toBe('rejected');
    expect(log).toContain("it's green");
    expect(log).toContain('failed to run step ID: sluice-validation: exit status 3');
  });

  it('runs a script as it is written', async () => {
    const content = [
      "expected='green'",
      'for word in a "b c" \'$d\'; do echo "<$word>"; done',
      'echo "{{.Run.ID}} $Registry"',
      '[ "$BACKGROUND_COLOR" = "$expected" ] || exit 4',
      'exit 5',
    ].join('\n');
    const { verdict, log } = await validate(job(script(content)));
    expect(verdict).toBe('rejected');
    expect(log).toContain('<b c>\n<$d>');
    expect(log).toContain('{{.Run.ID}}');
    expect(log).toContain('exit status 5');
  });

  it('gets no network, no capabilities, no credentials and no socket', async () => {
    // Each line must fail; one that does not ends the script with its own status.
    const content = [
      'wget -q -T 2 -O - http://1.1.1.1/ && exit 11',
      'ls /sys/class/net | grep -v "^lo$" && exit 12',
      'ls /var/run/docker.sock || ls /run/docker.sock && exit 13',
      'ls /root/.docker || ls /acb || ls /workspace && exit 14',
      'grep "^Cap[EBP]" /proc/self/status | grep -v 0000000000000000 && exit 15',
      'grep "^NoNewPrivs:" /proc/self/status | grep 0 && exit 16',
      'env | grep -i -E "token|password|secret" && exit 17',
      'exit 0',
    ].join('\n');
    const { verdict, log } = await validate(job(script(content)));
    expect(log).not.toContain('failed to run step');
    expect(verdict).toBe('passed');
  });

  it('gives no verdict where the image cannot be started', async () => {
    const missing = digest(`sha256:${'0'.repeat(64)}`);
    const { info, verdict } = await validate(job(run('true'), { digest: missing }));
    expect(info.status).toBe('failed');
    expect(verdict).toBe('failed');
  });

  it('gives no verdict where our own tools are missing', async () => {
    const ports = fixture.portsWith({ tools: 'tools/nowhere:1' });
    const { verdict } = await validate(job(run('true')), ports);
    expect(verdict).toBe('failed');
  });

  it('keeps credentials out of the end of the log', async () => {
    const { log } = await validate(job(run('sh', '-c', 'echo NPM_TOKEN=planted-token; exit 1')));
    expect(log).toContain('NPM_TOKEN=***');
    expect(log).not.toContain('planted-token');
  });

  it('keeps the end of a long log, where the verdict is', async () => {
    const { log, verdict } = await validate(
      job(script('i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; exit 6')),
    );
    expect(verdict).toBe('rejected');
    expect(log).toContain('line 2000');
    expect(log).not.toContain('line 1\n');
    expect(log.length).toBeLessThanOrEqual(8192);
  });
});

describe("an operator's own validation", () => {
  const show =
    'version: v1.1.0\nsteps:\n  - id: mine\n    cmd: $Registry/staging/app:1 sh -c "echo {{.Values.IMAGE}} {{.Values.TAG}} {{.Values.RUN}}; exit 2"\n';

  it('gets the candidate by digest, the tag and the run as values', async () => {
    const { log, verdict } = await validate(job(steps(show)));
    expect(log).toContain(`${fixture.buffer.loginServer}/staging/app@${candidate} 9-alpine r1abc`);
    expect(verdict).toBe('rejected');
  });

  it('may be a task of the buffer, whose run is found again by its token', async () => {
    await putTask('scan-app', show.replace('exit 2', 'exit 0'));
    const wanted = job({ kind: 'task', task: 'scan-app', timeoutSeconds: 300 }, { token: 'token-of-this-one' });
    const before = Date.now() - 5000;
    const { info, log, verdict } = await validate(wanted);
    expect(verdict).toBe('passed');
    expect(log).toContain(`@${candidate} 9-alpine r1abc`);
    expect(info.token).toBe('token-of-this-one');
    expect(await fixture.ports.validations.findByToken('token-of-this-one', before)).toBe(info.id);
    expect(await fixture.ports.validations.findByToken('token-of-nobody', before)).toBeUndefined();
    expect(await fixture.ports.validations.findByToken('token-of-this-one', Date.now() + 60_000)).toBeUndefined();
  });

  it('certainly did not start where the task is not there', async () => {
    const answer = await fixture.ports.validations.schedule(job({ kind: 'task', task: 'none', timeoutSeconds: 300 }));
    expect(answer).toMatchObject({ kind: 'failed', next: 'stall' });
  });
});

describe('a task run', () => {
  it('that was cancelled ends, and cancelling it again does nothing', async () => {
    const { validations } = fixture.ports;
    const scheduled = await validations.schedule(job(run('sleep', '60')));
    if (scheduled.kind !== 'scheduled') throw new Error(scheduled.why);
    await validations.cancel(scheduled.taskRun);
    expect((await untilEnd(scheduled.taskRun)).status).toBe('canceled');
    await validations.cancel(scheduled.taskRun);
  });

  it('that nobody knows is undefined, has no log, and needs no cancelling', async () => {
    expect(await fixture.ports.validations.get('nobody')).toBeUndefined();
    expect(await fixture.ports.validations.logEnd('nobody')).toBe('');
    await fixture.ports.validations.cancel('nobody');
  });
});

async function putTask(name: string, yaml: string): Promise<void> {
  const { subscription, resourceGroup, name: registry } = fixture.buffer;
  const client = new ContainerRegistryManagementClient(
    createCredential({ identityClientId: undefined }),
    subscription,
    {
      endpoint: fixture.azure.arm.endpoint,
      credentialScopes: 'https://management.azure.com/.default',
    },
  );
  await client.tasks.beginCreateAndWait(resourceGroup, registry, name, {
    location: 'westeurope',
    platform: { os: 'Linux', architecture: 'amd64' },
    step: {
      type: 'EncodedTask',
      encodedTaskContent: Buffer.from(yaml).toString('base64'),
      values: ['IMAGE', 'TAG', 'RUN'].map((value) => ({ name: value, value: 'unset' })),
    },
  });
}
