import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Closeable } from './contracts.ts';

const prefix = 'sluice-local-';
const ownerFile = 'owner.pid';
/** Milliseconds after which a folder that names no owner is nobody's: it is written right after the folder is made. */
const unownedAge = 3_600_000;

export interface StateFolder extends Closeable {
  readonly path: string;
}

/** A folder for all that a local Azure writes: the given one, which stays, or one of its own until it is closed. */
export async function openStateFolder(given?: string): Promise<StateFolder> {
  if (given !== undefined) {
    await mkdir(given, { recursive: true });
    return { path: given, close: async () => undefined };
  }
  await removeLeftovers(tmpdir());
  const path = await mkdtemp(join(tmpdir(), prefix));
  await writeFile(join(path, ownerFile), owner());
  return { path, close: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Process ids mean something on their own machine only, and containers may share a folder for temporary files. */
const owner = (pid = process.pid) => `${hostname()} ${pid}`;

/** What processes left that were killed: each is some hundred megabytes. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      // Somebody else's, or being removed by another starter: it is not ours to fail for.
      if (await isLeftOver(path)) await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }),
  );
}

async function isLeftOver(path: string): Promise<boolean> {
  const text = await readFile(join(path, ownerFile), 'utf8').catch(() => '');
  if (text === '') {
    const made = await stat(path).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs > unownedAge;
  }
  const pid = Number(text.split(' ').at(-1));
  return text === owner(pid) && !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
