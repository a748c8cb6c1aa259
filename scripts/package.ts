// Makes what is deployed: `npm run package` writes build/app (which azd takes) and build/sluice.zip.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { zipSync } from 'fflate';
import { type Contents, readContents } from './package/contents.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Every instance downloads and unpacks it when it starts. */
const largest = 1_000_000;

const command = new Command('npm run package --')
  .description('Builds the deployable folder and the same as a zip, the same bytes each time.')
  .option('--out <folder>', 'where to', join(root, 'build'))
  .parse();
process.exitCode = main(resolve(command.opts<{ out: string }>().out));

function main(out: string): number {
  const built = join(out, 'bundle');
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), built], { stdio: 'inherit' });
  if (status !== 0) return 1;
  const contents = readContents(root, built);
  rmSync(built, { recursive: true });
  const zip = archive(contents);
  if (zip.length > largest) {
    console.error(
      `The package has ${zip.length} bytes; at most ${largest} are allowed. Look at what the bundle took in.`,
    );
    return 1;
  }
  const folder = join(out, 'app');
  rmSync(folder, { recursive: true, force: true });
  for (const [path, bytes] of contents) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const file = join(out, 'sluice.zip');
  writeFileSync(file, zip);
  console.log(`${relative(process.cwd(), file)}: ${zip.length} bytes, sha256 ${sha256(zip)}`);
  return 0;
}

/** The same bytes for the same contents: a fixed time, which fflate reads in local time, and a fixed order. */
function archive(contents: Contents): Uint8Array {
  return zipSync(Object.fromEntries(contents), { level: 9, mtime: new Date(1980, 0, 1), os: 3, attrs: 0o100644 << 16 });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
