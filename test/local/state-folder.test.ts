import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeLeftovers } from '../../local/state-folder.ts';

test('folders of ended processes are removed; those that somebody uses, here or elsewhere, stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-leftovers-'));
  const ended = spawnSync('true').pid;
  const make = async (name: string, owner?: string) => {
    await mkdir(join(folder, name, 'registries'), { recursive: true });
    if (owner !== undefined) await writeFile(join(folder, name, 'owner.pid'), owner);
  };
  await make('sluice-local-ended', `${hostname()} ${ended}`);
  await make('sluice-local-running', `${hostname()} ${process.pid}`);
  await make('sluice-local-elsewhere', `another-machine ${ended}`);
  await make('sluice-local-just-made');
  await make('sluice-local-old');
  await utimes(join(folder, 'sluice-local-old'), new Date(0), new Date(0));
  await make('other');
  try {
    await removeLeftovers(folder);
    const left = ['other', 'sluice-local-elsewhere', 'sluice-local-just-made', 'sluice-local-running'];
    expect((await readdir(folder)).sort()).toEqual(left);
  } finally {
    await rm(folder, { recursive: true });
  }
});
