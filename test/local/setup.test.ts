import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const setup = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
const nobody = 65_534;

let clone: string;
beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'sluice-clone-'));
  await chmod(clone, 0o755);
  for (const folder of ['scripts', 'bin', 'node_modules']) await mkdir(join(clone, folder));
  await copyFile(setup, join(clone, 'scripts', 'setup.mjs'));
  await writeFile(join(clone, 'package-lock.json'), '{}');
  await writeFile(join(clone, 'bin', 'npm'), '#!/bin/sh\ntrue\n', { mode: 0o755 });
});
afterEach(() => rm(clone, { recursive: true, force: true }));

function run(goal: string, options: { uid?: number; script?: string } = {}) {
  const { uid, script = `pre${goal}` } = options;
  const PATH = [join(clone, 'bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH, npm_lifecycle_event: script };
  const words = [join(clone, 'scripts', 'setup.mjs'), goal];
  const user = uid === undefined ? {} : { uid, gid: uid };
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8', ...user });
  return { status, stdout, stderr };
}

test.each([
  ['demo', 'predemo', 'demo'],
  ['local', 'prelocal', 'local'],
  ['local', 'prebench', 'bench'],
  ['test', 'pretest', 'test'],
])('without root, %s ends with the command that has it (%s)', (goal, script, named) => {
  const stderr = `Builds and containers need root: sudo env "PATH=$PATH" npm run ${named}\n`;
  expect(run(goal, { uid: nobody, script })).toEqual({ status: 1, stdout: '', stderr });
});

test('what needs no builds is set up without root', async () => {
  await writeFile(join(clone, 'node_modules', '.package-lock.json'), '{}');
  await utimes(join(clone, 'package-lock.json'), new Date(0), new Date(0));
  expect(run('npm', { uid: nobody })).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('npm packages are installed once, and again when the lock changes', async () => {
  expect(run('npm').stdout).toContain('npm ci');
  expect(run('npm').stdout).toBe('');
  await writeFile(join(clone, 'package-lock.json'), '{"changed": true}');
  expect(run('npm').stdout).toContain('npm ci');
});

test('packages that somebody installed by hand are taken, unless the lock is newer', async () => {
  const [lock, installed] = [join(clone, 'package-lock.json'), join(clone, 'node_modules', '.package-lock.json')];
  await writeFile(installed, '{}');
  await utimes(lock, new Date(1000), new Date(1000));
  await utimes(installed, new Date(2000), new Date(2000));
  expect(run('npm').stdout).toBe('');
  await utimes(lock, new Date(3000), new Date(3000));
  expect(run('npm').stdout).toContain('npm ci');
});
