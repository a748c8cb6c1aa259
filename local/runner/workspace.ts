import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunnerRegistry } from '../contracts.ts';
import { contained } from './contained.ts';
import type { Volumes } from './run-context.ts';

/** Like the Azure CLI, which sends a context without its version control. */
const COPY = 'tar --exclude-vcs -C "$1" -cf - . | tar -C "$2" -xf -';

/** Fills the workspace with a copy of the context; what the run writes there stays in the run. */
export async function copyContext(context: string, volumes: Volumes, signal: AbortSignal): Promise<string | undefined> {
  const argv = ['/bin/sh', '-c', COPY, 'sh', context, volumes.workspace];
  const outcome = await contained({ argv, env: {}, signal });
  const complaint = outcome.stderr.trim();
  return outcome.code === 0 && complaint === '' ? undefined : complaint || `exit status ${outcome.code}`;
}

/** The login that the agent leaves in `$HOME` of every `cmd` step. */
export async function writeDockerConfig(volumes: Volumes, logins: readonly RunnerRegistry[]): Promise<void> {
  const entries = logins.map(({ loginServer, username, password }) => [
    loginServer,
    { auth: Buffer.from(`${username}:${password}`).toString('base64') },
  ]);
  const directory = join(volumes.home, '.docker');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: Object.fromEntries(entries) }));
}

/** The files of the task's own volumes. */
export async function fillVolumes(
  volumes: Volumes,
  contents: ReadonlyMap<string, readonly { readonly file: string; readonly base64: string }[]>,
): Promise<void> {
  for (const [name, files] of contents) {
    const directory = await volumes.folder(name);
    for (const { file, base64 } of files) await writeFile(join(directory, file), Buffer.from(base64, 'base64'));
  }
}
