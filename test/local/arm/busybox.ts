import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerRegistryContentClient } from '@azure/container-registry';
import { sha256, types } from '../registry-images.ts';

const run = promisify(execFile);

/** Pushes a real, small image: this machine's static busybox, and `/etc/release` that says `release`. */
export async function pushBusybox(
  client: ContainerRegistryContentClient,
  tag: string,
  release: string,
): Promise<{ digest: string }> {
  const layer = await busyboxLayer(release);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
      history: [{ created_by: 'busybox' }],
    }),
  );
  for (const bytes of [layer, config]) await client.uploadBlob(bytes);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: { mediaType: types.config, digest: sha256(config), size: config.length },
      layers: [{ mediaType: types.layer, digest: sha256(layer), size: layer.length }],
    }),
  );
  const { digest } = await client.setManifest(manifest, { tag, mediaType: types.manifest });
  return { digest };
}

async function busyboxLayer(release: string): Promise<Buffer> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-busybox-'));
  try {
    for (const folder of ['bin', 'etc', 'tmp']) await mkdir(join(root, folder));
    await cp('/usr/bin/busybox', join(root, 'bin/busybox'), { dereference: true });
    for (const applet of ['sh', 'cat', 'echo', 'sleep', 'true', 'false', 'ls']) {
      await run('ln', ['-s', 'busybox', join(root, 'bin', applet)]);
    }
    await writeFile(join(root, 'etc/release'), `${release}\n`);
    await run('tar', ['--create', '--file', `${root}.tar`, '--directory', root, '--sort=name', '.']);
    return await readFile(`${root}.tar`);
  } finally {
    await rm(root, { recursive: true, force: true });
    await rm(`${root}.tar`, { force: true });
  }
}
