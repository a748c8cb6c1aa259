import { createHash } from 'node:crypto';
import { type Dirent, existsSync } from 'node:fs';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';
/** How long the kernel may take to let go of a group whose last process was just killed. */
const RELEASE_TRIES = 50;
const RELEASE_PAUSE_MS = 20;

/** The control group of the runner that keeps its state in a folder; no other has it. */
export function runnerCgroup(stateDir: string): string {
  return `/sluice-runner-${createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 12)}`;
}

/**
 * Removes a control group and all below it, in every hierarchy, killing what still runs in it.
 * A run that was killed from outside has no process left to do that.
 */
export async function removeCgroup(path: string): Promise<void> {
  await Promise.all((await hierarchies()).map((root) => removeTree(join(root, path))));
}

/** One folder with cgroup v2; one for each controller, and perhaps v2 beside them, with v1. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return [ROOT];
  const entries = await readdir(ROOT, { withFileTypes: true }).catch((): Dirent[] => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(ROOT, entry.name));
}

async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  for (let tries = 0; tries < RELEASE_TRIES; tries += 1) {
    const code = await rmdir(directory).then(
      () => 'removed',
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code === 'removed' || code === 'ENOENT') return;
    await killMembers(directory);
    await sleep(RELEASE_PAUSE_MS);
  }
}

async function killMembers(directory: string): Promise<void> {
  const members = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of members.split('\n').map(Number)) {
    if (pid <= 1) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
}
