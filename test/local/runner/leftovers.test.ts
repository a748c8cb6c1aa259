import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runnerCgroup } from '../../../local/runner/cgroups.ts';
import { startRunner } from '../../../local/runner/index.ts';
import { type RunnerFixture, startRunnerFixture } from './fixture.ts';

let fixture: RunnerFixture;
beforeAll(async () => {
  fixture = await startRunnerFixture();
});
afterAll(() => fixture.close());

const box = '$Registry/base/busybox:1';

/** Processes whose command line has a word that no other test uses. */
async function processesWith(word: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(word) && Number(pid) !== process.pid) found.push(line);
  }
  return found;
}

/** Mounts, working containers, runs and control groups of a runner's folder. */
async function traces(stateDir: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(stateDir));
  const runs = await readdir(join(stateDir, 'runs')).catch(() => []);
  const containers = await readFile(join(stateDir, 'storage/overlay-containers/containers.json'), 'utf8').catch(
    () => '[]',
  );
  return [
    ...mounts,
    ...runs,
    ...(JSON.parse(containers) as unknown[]).map((entry) => JSON.stringify(entry)),
    ...(await groups(stateDir)),
  ];
}

/** The control groups of a runner's runs; its own may stay while it is open. */
async function groups(stateDir: string): Promise<string[]> {
  const roots = ['/sys/fs/cgroup', ...(await readdir('/sys/fs/cgroup')).map((name) => join('/sys/fs/cgroup', name))];
  const found = await Promise.all(
    roots.map(async (root) => {
      const own = join(root, runnerCgroup(stateDir));
      const inside = await readdir(own, { withFileTypes: true }).catch(() => []);
      return inside.filter((entry) => entry.isDirectory()).map((entry) => join(own, entry.name));
    }),
  );
  return found.flat();
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(20);
}

describe('nothing is left', () => {
  const word = `marker${process.pid}`;
  const stubborn = `sh -c "trap : TERM INT; (sleep 1000; echo ${word}) & echo begun; while true; do sleep 1; done"`;

  test.each([
    ['a run that passes', `cmd: ${box} sh -c "sleep 1000 & echo begun"`, {}],
    ['a step past its timeout', `{cmd: ${JSON.stringify(`${box} ${stubborn}`)}, timeout: 5}`, {}],
    ['a run past its timeout', `cmd: ${JSON.stringify(`docker run ${box} ${stubborn}`)}`, { timeoutSeconds: 5 }],
  ])('of %s', async (_, step, more) => {
    const { log } = await fixture.yaml(`version: v1.1.0\nsteps:\n  - ${step}\n`, more);
    expect(log.text).toContain('begun');
    expect(await processesWith(word)).toEqual([]);
    expect(await traces(join(fixture.stateDir, 'runner'))).toEqual([]);
  });

  test('of a build that is cancelled', async () => {
    const cancel = new AbortController();
    const content = `version: v1.1.0\nsteps:\n  - cmd: ${box} sh -c 'printf "FROM $Registry/base/busybox:1\\nRUN echo begun; sleep 1000; echo ${word}\\n" > Dockerfile'\n  - build: --no-cache .\n`;
    const job = fixture.job({ kind: 'yaml', content, values: [] }, { signal: cancel.signal });
    const result = fixture.runner.execute(job);
    await job.log.until(/^begun/m);
    cancel.abort();
    expect((await result).status).toBe('Canceled');
    expect(await processesWith(word)).toEqual([]);
    expect(await traces(join(fixture.stateDir, 'runner'))).toEqual([]);
  });

  test('when the runner is closed under a run', async () => {
    const stateDir = join(fixture.stateDir, 'closed');
    const runner = await startRunner({ stateDir });
    const job = fixture.job({
      kind: 'yaml',
      content: `version: v1.1.0\nsteps:\n  - cmd: ${JSON.stringify(`${box} ${stubborn}`)}\n`,
      values: [],
    });
    const result = runner.execute(job);
    await job.log.until(/^begun/m);
    await runner.close();
    expect((await result).status).toBe('Canceled');
    expect(await processesWith(word)).toEqual([]);
    expect(await traces(stateDir)).toEqual([]);
    await rm(stateDir, { recursive: true });
    expect(existsSync(stateDir)).toBe(false);
  });

  test.each(['container', 'build'])(
    'when the process is killed during a %s: no process or mount, and the next start removes the rest',
    async (kind) => {
      const stateDir = join(fixture.stateDir, `killed-${kind}`);
      const child = runInChild(stateDir, kind, word);
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await until(async () => /^begun/m.test(output) || child.exitCode !== null);
      expect(output).toMatch(/^begun/m);
      child.kill('SIGKILL');
      await until(async () => (await processesWith(word)).length === 0);
      expect((await readFile('/proc/self/mounts', 'utf8')).includes(stateDir)).toBe(false);
      const runner = await startRunner({ stateDir });
      expect(await traces(stateDir)).toEqual([]);
      const job = fixture.job({
        kind: 'yaml',
        content: `version: v1.1.0\nsteps:\n  - cmd: ${box} echo works\n`,
        values: [],
      });
      expect((await runner.execute(job)).status).toBe('Succeeded');
      await runner.close();
    },
  );
});

function runInChild(stateDir: string, kind: string, word: string): ChildProcess {
  const script = `sh -c "trap : TERM; echo begun; while true; do sleep 1; done; echo ${word}"`;
  const steps = {
    container: `  - cmd: ${JSON.stringify(`docker run ${box} ${script}`)}\n`,
    build: `  - cmd: ${box} sh -c 'printf "FROM $Registry/base/busybox:1\\nRUN echo begun; sleep 1000; echo ${word}\\n" > Dockerfile'\n  - build: --no-cache .\n`,
  }[kind];
  const {
    log: _,
    signal: __,
    now: ___,
    ...job
  } = fixture.job({ kind: 'yaml', content: `version: v1.1.0\nsteps:\n${steps}`, values: [] });
  const program = `
    import { startRunner } from ${JSON.stringify(new URL('../../../local/runner/index.ts', import.meta.url).pathname)};
    const runner = await startRunner({ stateDir: ${JSON.stringify(stateDir)} });
    const log = { write: (text) => process.stdout.write(text), end: async () => {} };
    await runner.execute({ ...${JSON.stringify(job)}, log, signal: new AbortController().signal, now: () => new Date() });
  `;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
