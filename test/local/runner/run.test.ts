import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunnerFixture, startRunnerFixture } from './fixture.ts';

let fixture: RunnerFixture;
beforeAll(async () => {
  fixture = await startRunnerFixture();
});
afterAll(() => fixture.close());

const task = (...steps: string[]) => `version: v1.1.0\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
const box = '$Registry/base/busybox:1';
const docker = '$Registry/tools/docker:1';

describe('a run’s end and its log', () => {
  test('a run that passes', async () => {
    const { status, log, ...result } = await fixture.yaml(task(`{id: hello, cmd: ${box} echo hello}`));
    const server = fixture.registry.loginServer;
    expect(status).toBe('Succeeded');
    expect(result).toEqual({ outputImages: [], baseImageDependencies: [] });
    const lines = log.lines.map((line) =>
      line
        .replace(/acb_vol_[-0-9a-f]+/, 'VOLUME')
        .replace(/sha256:\w+/, 'DIGEST')
        .replace(/\d+\.\d{6}/, 'SECONDS'),
    );
    expect(lines).toEqual([
      'Using VOLUME as the home volume',
      'Alias support enabled for version >= 1.1.0, please see https://aka.ms/acr/tasks/task-aliases for more information.',
      "Creating Docker network: acb_default_network, driver: 'bridge'",
      'Successfully set up Docker network: acb_default_network',
      'Setting up Docker configuration...',
      'Successfully set up Docker configuration',
      `Logging in to registry: ${server}`,
      `Successfully logged into ${server}`,
      "Executing step ID: hello. Timeout(sec): 600, Working directory: '', Network: 'acb_default_network'",
      'Launching container with name: hello',
      `Unable to find image '${server}/base/busybox:1' locally`,
      '1: Pulling from base/busybox',
      'Digest: DIGEST',
      `Status: Downloaded newer image for ${server}/base/busybox:1`,
      'hello',
      'Successfully executed container: hello',
      'Step ID: hello marked as successful (elapsed time in seconds: SECONDS)',
      '',
      expect.stringMatching(/^Run ID: ca\d+ was successful after \d+s$/),
      '',
    ]);
    expect(log.text).toMatch(/\r\nRun ID: ca\d+ was successful after \d+s\r\n$/);
    expect(log.ended).toBe(true);
  });

  test('a step that fails ends the run with its status in the log, and 1 in the run', async () => {
    const { log, ...result } = await fixture.yaml(
      task(`{id: bad, cmd: ${box} sh -c "exit 3"}`, `cmd: ${box} echo never`),
    );
    expect(result).toMatchObject({ status: 'Failed', runErrorMessage: 'failed during run, err: exit status 1' });
    expect(log.text).toContain(
      'Container failed during run: bad. No retries remaining.\nfailed to run step ID: bad: exit status 3\n',
    );
    expect(log.text).toMatch(/\r\nRun ID: ca\d+ failed after \d+s\. Error: failed during run, err: exit status 1\r\n$/);
    expect(log.text).not.toContain('never');
  });

  test.each([
    ['an image that is not there', `${docker} run $Registry/base/none:1`, 125, 'manifest unknown'],
    [
      'a digest that is not there',
      `${docker} run $Registry/base/busybox@sha256:${'0'.repeat(64)}`,
      125,
      'manifest unknown',
    ],
    ['an image of a registry that cannot be reached', `${docker} run localhost:1/x:1`, 125, 'ECONNREFUSED'],
    ['a flag that does not exist', `${docker} run --nope ${box}`, 125, 'unknown flag: --nope'],
    ['a path of the machine', `${docker} run -v /etc:/x ${box}`, 125, 'the host path /etc'],
    ['a command that is not there', `${docker} run ${box} nosuch`, 127, 'executable file not found in $PATH'],
    ['a command that is no program', `${docker} run ${box} /etc/passwd`, 126, 'permission denied'],
    ['a user that is not there', `${docker} run --user ghost ${box}`, 125, 'unable to find user ghost'],
    ['a docker CLI that is not in the registry', `$Registry/tools/none/docker:1 run ${box}`, 125, 'manifest unknown'],
    ['a shell in the docker CLI image', `${docker} sh -c "docker run x"`, 125, 'not supported by the local runner'],
    ['a pipe on the agent', `${box} echo a | cat`, 125, 'the agent\'s shell would act on "|"'],
    ['a plain image that is not there', '$Registry/base/none:1 x', 125, 'manifest unknown'],
  ])('%s', async (_, command, code, message) => {
    const { log } = await fixture.yaml(task(`{id: it, cmd: ${JSON.stringify(command)}}`));
    expect(log.text).toContain(message);
    expect(log.text).toContain(`failed to run step ID: it: exit status ${code}\n`);
  });

  test('an entry point on the docker CLI image is an honest error', async () => {
    const { log } = await fixture.yaml(task(`{id: it, cmd: ${docker} x, entryPoint: sh}`));
    expect(log.text).toContain('an entry point other than the docker CLI is not supported');
    expect(log.text).toContain('exit status 125');
  });

  test('a task file with a mistake fails the run before any step, with its position', async () => {
    const { log, ...result } = await fixture.yaml('version: v1.1.0\nsteps:\n  - cmd: x\n    retires: 1\n');
    expect(result).toMatchObject({ status: 'Failed', runErrorMessage: 'failed during run, err: exit status 1' });
    expect(log.text).toContain(
      'failed to deserialize task and validate: line 4, column 5: unknown key "retires" in steps[0]',
    );
    expect(log.text).not.toContain('Executing step');
  });

  test('a run for Windows is an honest error', async () => {
    const platform = { os: 'Windows', architecture: 'amd64' };
    const { status, log } = await fixture.yaml(task(`cmd: ${box} echo never`), { platform });
    expect(status).toBe('Failed');
    expect(log.text).toContain('Linux agents only; this run asks for Windows');
  });

  test('secrets and passwords do not reach the log', async () => {
    const values = [{ name: 'token', value: 'hunter2hunter2', isSecret: true }];
    const content = task(`cmd: ${box} sh -c "echo {{.Values.token}}; cat /acb/home/.docker/config.json"`);
    const job = fixture.job({ kind: 'yaml', content, values });
    await fixture.runner.execute(job);
    expect(job.log.text).toContain('***');
    expect(job.log.text).not.toContain('hunter2');
    expect(job.log.text).not.toContain(fixture.registry.admin.password);
  });
});

describe('steps', () => {
  test('share a workspace, see their settings, and run in order', async () => {
    const { log } = await fixture.yaml(
      task(
        `cmd: ${box} sh -c 'mkdir -p sub && echo one > sub/file'`,
        `{cmd: "${box} sh -c 'cat file; pwd; echo $A; echo $HOME'", workingDirectory: sub, env: ["A='b c'"]}`,
        `{cmd: "${box} -c 'pwd; id -u'", entryPoint: sh, user: node, disableWorkingDirectoryOverride: true}`,
      ),
    );
    const printed = log.lines.filter((line) => /^(one|\/|b c|1000)/.test(line));
    expect(printed).toEqual(['one', '/workspace/sub', 'b c', '/acb/home', '/', '1000']);
  });

  test('see a copy of the context, which keeps what it was', async () => {
    const context = `${fixture.stateDir}/context-copy`;
    await mkdir(`${context}/.git`, { recursive: true });
    await writeFile(`${context}/file`, 'from the context');
    const { log } = await fixture.yaml(task(`cmd: ${box} sh -c 'ls -A; cat file; rm file; echo x > new'`), { context });
    expect(log.text).toContain('Downloading source code...');
    expect(log.text).toContain('\nfile\nfrom the context\n');
    expect((await readdir(context)).toSorted()).toEqual(['.git', 'file']);
  });

  test('are tried again as often as they say', async () => {
    const { status, log } = await fixture.yaml(
      task(`{id: it, cmd: "${box} sh -c 'test -e ok || { touch ok; exit 7; }'", retries: 2, retryDelay: 1}`),
    );
    expect(status).toBe('Succeeded');
    expect(log.text).toContain('Container failed during run: it, waiting 1 seconds before retrying...');
    expect(log.lines.filter((line) => line === 'Launching container with name: it')).toHaveLength(2);
  });

  test('that may fail do not fail the run', async () => {
    const { status, log } = await fixture.yaml(
      task(`{id: it, cmd: "${box} false", ignoreErrors: true}`, `cmd: ${box} echo after`),
    );
    expect(status).toBe('Succeeded');
    expect(log.text).toContain(
      'Step ID: it encountered an error: exit status 1, but is set to ignore errors. Continuing...',
    );
    expect(log.text).toContain('\nafter\n');
  });

  test('with when: ["-"] run side by side', async () => {
    // Each waits for the other's file: one after the other, they would not end.
    const meet = (mine: string, other: string) =>
      `{cmd: "${box} sh -c 'touch ${mine}; until test -e ${other}; do sleep 0.05; done'", when: ["-"]}`;
    const { status } = await fixture.yaml(task(meet('a', 'b'), meet('b', 'a')), { timeoutSeconds: 30 });
    expect(status).toBe('Succeeded');
  });

  test('that run beside a failing one are ended with it', async () => {
    const { status, log } = await fixture.yaml(
      task(`{id: long, cmd: "${box} sleep 1000"}`, `{id: bad, cmd: "${box} sh -c 'exit 4'", when: ["-"]}`),
    );
    expect(status).toBe('Failed');
    expect(log.text).toContain('failed to run step ID: bad: exit status 4');
  });

  test('can mount the files of a task’s volume', async () => {
    const { log } = await fixture.yaml(
      `version: v1.1.0
volumes:
  - name: mine
    secret:
      - file: {{.Values.text | b64enc}}
steps:
  - cmd: ${box} cat /run/mine/file
    volumeMounts: [{name: mine, mountPath: /run/mine}]
`,
      {},
      { text: 'from the volume' },
    );
    expect(log.text).toContain('from the volume');
  });
});

describe('time', () => {
  test('a step past its timeout fails with the agent’s words', async () => {
    const { log, ...result } = await fixture.yaml(task(`{id: slow, cmd: "${box} sleep 1000", timeout: 1}`));
    expect(result).toMatchObject({ status: 'Failed', runErrorMessage: 'failed during run, err: exit status 1' });
    expect(log.text).toContain('failed to run step ID: slow: context deadline exceeded');
  });

  test('a run past its timeout ends as timed out', async () => {
    const { log, ...result } = await fixture.yaml(task(`{cmd: "${box} sleep 1000"}`), { timeoutSeconds: 1 });
    expect(result).toMatchObject({
      status: 'Timeout',
      runErrorMessage: 'failed during run, err: context deadline exceeded',
    });
    expect(log.text).toMatch(
      /Run ID: ca\d+ failed after \d+s\. Error: failed during run, err: context deadline exceeded\r\n$/,
    );
  });

  test('a cancelled run ends at once', async () => {
    const cancel = new AbortController();
    const job = fixture.job(
      { kind: 'yaml', content: task(`cmd: ${box} sh -c "echo begun; sleep 1000"`), values: [] },
      { signal: cancel.signal },
    );
    const result = fixture.runner.execute(job);
    await job.log.until(/begun/);
    cancel.abort();
    expect(await result).toMatchObject({ status: 'Canceled' });
    expect(job.log.text).toMatch(/Run ID: ca\d+ was canceled after \d+s\r\n$/);
  });

  test('a run that was cancelled before it began does nothing', async () => {
    const { status, log } = await fixture.yaml(task(`cmd: ${box} echo never`), { signal: AbortSignal.abort() });
    expect(status).toBe('Canceled');
    expect(log.text).not.toContain('never');
  });
});
