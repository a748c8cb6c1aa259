// Checks the infrastructure without Azure: `npm run infra`, or `npm run infra -- --update` after a change.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBicep } from './infra/bicep.ts';
import { parameterSets, predict, snapshotNames } from './infra/snapshots.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const infra = join(root, 'infra');
const update = process.argv.includes('--update');

process.exitCode = main();

function main(): number {
  if (!catalogIsCurrent()) return 1;
  const search = findBicep(root);
  if (search.kind === 'missing') {
    console.log(`Skipped the checks of the templates: ${search.why}.`);
    return 0;
  }
  const faults = [...lint(search.path), ...misformatted(search.path)];
  if (faults.length === 0) faults.push(...parameterSets(infra).flatMap((set) => compare(search.path, set)));
  for (const fault of faults) console.error(fault);
  if (faults.length === 0)
    console.log('The infrastructure compiles without warnings and deploys what its snapshots say.');
  return faults.length === 0 ? 0 : 1;
}

/** The templates deploy what infra/catalog.json says, and the app does what sluice.yaml says. */
function catalogIsCurrent(): boolean {
  const wanted = update ? ['--json', '--schema'] : ['--check'];
  const args = ['--import', 'tsx', join(root, 'scripts/check.ts'), ...wanted];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/** Compiling lints as well; a warning is a fault as an error is. */
function lint(bicep: string): string[] {
  return ['main.bicep', 'events.bicep'].flatMap((name) => {
    const { status, stderr } = spawnSync(bicep, ['build', join(infra, name), '--stdout'], { encoding: 'utf8' });
    return status === 0 && stderr.trim() === '' ? [] : [stderr.trim()];
  });
}

function misformatted(bicep: string): string[] {
  const copy = mkdtempSync(join(tmpdir(), 'sluice-infra-'));
  try {
    cpSync(infra, copy, { recursive: true });
    for (const kind of ['bicep', 'bicepparam']) spawnSync(bicep, ['format', '--pattern', `${copy}/**/*.${kind}`]);
    const changed = templates(copy).filter((name) => read(join(copy, name)) !== read(join(infra, name)));
    if (update) for (const name of changed) cpSync(join(copy, name), join(infra, name));
    return update ? [] : changed.map((name) => `infra/${name} is not formatted. Run: npm run infra -- --update`);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function templates(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.bicep(param)?$/.test(name));
}

function compare(bicep: string, set: string): string[] {
  const predicted = predict(bicep, infra, set);
  return snapshotNames.flatMap((name) => {
    const file = join(infra, 'snapshots', set, `${name}.snapshot.json`);
    if (read(file) === predicted[name]) return [];
    if (update) {
      writeFileSync(file, predicted[name]);
      console.log(`Wrote ${relative(root, file)}.`);
      return [];
    }
    return [
      `${difference(file, predicted[name])}\nWhat is deployed has changed. If that is meant: npm run infra -- --update`,
    ];
  });
}

function difference(file: string, predicted: string): string {
  const { stdout } = spawnSync('diff', ['-u', '-L', relative(root, file), '-L', 'now', file, '-'], {
    encoding: 'utf8',
    input: predicted,
  });
  return stdout ?? '';
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
