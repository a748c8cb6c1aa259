import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = dirname(fileURLToPath(import.meta.url));
const root = join(source, '../..');
const cache = join(root, 'node_modules/.cache/functions-host');

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Changes whenever a file of the host, or a dependency, does. */
async function fingerprint(): Promise<string> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const hash = createHash('sha256').update(process.version);
  for (const file of [...files.sort(), join(root, 'package-lock.json')]) {
    const { mtimeMs, size } = await stat(file);
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

async function bundle(outdir: string): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(source, 'main.ts')],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'silent',
    // Packages in CommonJS still call require() for Node's own modules.
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
}

/**
 * Bundles the host, once for each version of its sources, and returns the file to run. A bundle starts in a third of the
 * time that its sources take through a loader, and needs no loader hooks in the process that loads the app.
 */
export async function buildHost(): Promise<string> {
  const target = join(cache, await fingerprint());
  const main = join(target, 'main.mjs');
  if (await exists(main)) return main;
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'new-'));
  await bundle(scratch);
  // Somebody else may have built the same meanwhile: theirs is as good.
  await rename(scratch, target).catch(() => rm(scratch, { recursive: true, force: true }));
  await removeOthers(target);
  return main;
}

/** Bundles of an hour ago and older; a younger one may still be starting. */
async function removeOthers(current: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    const info = await stat(path).catch(() => undefined);
    if (path !== current && info && Date.now() - info.mtimeMs > 3_600_000)
      await rm(path, { recursive: true, force: true });
  }
}
