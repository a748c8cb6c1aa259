import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Closeable } from './contracts.ts';

/** A folder that one starter has for itself while it runs. */
export interface Instance extends Closeable {
  readonly folder: string;
  readonly state: string;
  readonly settingsFile: string;
  /** 1 for the first; others run beside it. */
  readonly number: number;
}

const mostInstances = 20;

/**
 * Takes the first folder that no other starter has: `root` itself, then `root/instance-2` and so on. The lock is a
 * socket in Linux's abstract namespace, which ends with its process, so that a crash leaves none behind.
 */
export async function takeInstance(root: string, options: { readonly keep: boolean }): Promise<Instance> {
  for (let number = 1; number <= mostInstances; number += 1) {
    const folder = number === 1 ? root : join(root, `instance-${number}`);
    const lock = await tryLock(folder);
    if (lock) return openInstance(folder, number, lock, options.keep);
  }
  throw new Error(`${mostInstances} local Azures run from ${root} already. Stop one of them.`);
}

async function openInstance(folder: string, number: number, lock: Server, keep: boolean): Promise<Instance> {
  const state = join(folder, 'state');
  if (!keep) await rm(state, { recursive: true, force: true });
  await mkdir(state, { recursive: true });
  return {
    folder,
    number,
    state,
    settingsFile: join(folder, 'local.settings.json'),
    close: () => new Promise((resolve) => lock.close(() => resolve())),
  };
}

function tryLock(folder: string): Promise<Server | undefined> {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') resolve(undefined);
      else reject(new Error(`Locking ${folder} failed: ${cause.message}.`, { cause }));
    });
    server.listen(`\0sluice-local-${name}`, () => resolve(server.unref()));
  });
}
