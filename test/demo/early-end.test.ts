import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** The demo ends before its time: whatever the reason, in order, in words, and with nothing left. */

const main = fileURLToPath(new URL('../../local/demo/main.ts', import.meta.url));
const limits = { timeout: 30_000, interval: 50 };

let folder: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-early-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Demo {
  readonly process: ChildProcess;
  said(): string;
  says(text: string): Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

function play(...args: string[]): Demo {
  const env = { ...process.env, TMPDIR: folder, FORCE_COLOR: undefined };
  const started = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let said = '';
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  return {
    process: started,
    said: () => said,
    says: (text) => vi.waitFor(() => expect(said).toContain(text), limits),
    ended: once(started, 'exit').then(([code, signal]) => code ?? signal),
  };
}

const leftovers = async () => (await readdir(folder)).filter((name) => name.startsWith('sluice-local-'));

test('Ctrl-C in the story: it says so, and nothing else of what then fails', { timeout: 60_000 }, async () => {
  const demo = play();
  await demo.says('› pushed');
  demo.process.kill('SIGINT');
  // npm passes on what the terminal has sent already.
  demo.process.kill('SIGINT');
  expect(await demo.ended).toBe(130);
  expect(demo.said()).toMatch(/Interrupted\.\n$/);
  expect(demo.said()).not.toContain('✗');
  expect(await leftovers()).toEqual([]);
});

test('a terminal that is closed while parts are being opened', { timeout: 60_000 }, async () => {
  const demo = play();
  await demo.says('✓ local Azure');
  demo.process.kill('SIGHUP');
  expect(await demo.ended).toBe('SIGHUP');
  expect(await leftovers()).toEqual([]);
});

test('a reader that has read enough', { timeout: 60_000 }, async () => {
  const demo = play();
  await demo.says('Sluice');
  demo.process.stdout?.destroy();
  expect(await demo.ended).toBe(141);
  expect(demo.said()).not.toContain('EPIPE');
  expect(await leftovers()).toEqual([]);
});

test('an upstream that cannot be reached is one line, without a login and without a stack', {
  timeout: 60_000,
}, async () => {
  const demo = play('--exit', '--upstream', 'localhost:1/library/none:1');
  expect(await demo.ended).toBe(1);
  expect(demo.said()).toContain('✗ upstream    localhost:1/library/none:1 cannot be copied:');
  expect(demo.said()).not.toMatch(/--dest|^ +at /m);
  expect(demo.said()).toContain('The story ended early. What Sluice logged is in');
  expect(await leftovers()).toEqual([]);
});

test('an upstream without a tag is refused before anything starts', async () => {
  const demo = play('--upstream', 'node');
  expect(await demo.ended).toBe(1);
  expect(demo.said()).toContain('Expected an image with a tag');
  expect(demo.said()).not.toContain('local Azure');
});

test('Sluice dies in the story: who does not answer where, and where the log is', { timeout: 60_000 }, async () => {
  const demo = play('--exit');
  await demo.says('› pushed');
  process.kill(await hostOf(demo.process.pid), 'SIGKILL');
  expect(await demo.ended).toBe(1);
  expect(demo.said().replaceAll(/\s+/g, ' ')).toMatch(/✗ failed Sluice does not answer at http:\/\/127\.0\.0\.1:\d+:/);
  expect(demo.said()).toContain('The story ended early. What Sluice logged is in');
  expect(demo.said()).not.toMatch(/fetch failed|^ +at /m);
});

/** The functions host among the demo's children. */
async function hostOf(parent: number | undefined): Promise<number> {
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ');
  for (const pid of children) {
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('functions-host')) return Number(pid);
  }
  throw new Error('The demo has no functions host.');
}
