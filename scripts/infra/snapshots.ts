import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readDocument } from '../../src/lib/catalog/document.ts';
import { loadCatalog } from '../../src/lib/catalog/load.ts';
import { formatProblems } from '../../src/lib/catalog/problem.ts';
import { settingsIn } from '../../src/lib/catalog/settings.ts';
import { infrastructureOf } from '../check/infrastructure.ts';
import { placeholders } from '../check/placeholders.ts';

/** What Bicep predicts that a deployment makes. */
export interface Snapshot {
  readonly predictedResources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Ids that mean nothing: a snapshot is of no real subscription. */
const where = [
  ...['--subscription-id', '00000000-0000-0000-0000-000000000001'],
  ...['--tenant-id', '00000000-0000-0000-0000-000000000002'],
  ...['--location', 'westeurope', '--deployment-name', 'sluice'],
];

export const snapshotNames = ['main', 'events'] as const;

/** Folders below `infra/snapshots/`: each has a `settings.env`, and its own `sluice.yaml` where it is not the root's. */
export function parameterSets(infra: string): string[] {
  const folder = join(infra, 'snapshots');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Predicts, in a copy of the templates, what one parameter set deploys. Throws with Bicep's own words. */
export function predict(bicep: string, infra: string, set: string): Record<(typeof snapshotNames)[number], string> {
  const copy = mkdtempSync(join(tmpdir(), 'sluice-infra-'));
  try {
    cpSync(infra, copy, { recursive: true });
    const folder = join(copy, 'snapshots', set);
    const own = join(folder, 'sluice.yaml');
    if (existsSync(own)) writeFileSync(join(copy, 'catalog.json'), catalogJson(own));
    const settings = parseEnv(readFileSync(join(folder, 'settings.env'), 'utf8'));
    const main = snapshot(bicep, copy, 'main', settings);
    const { outputs } = JSON.parse(main) as Snapshot;
    const events = snapshot(bicep, copy, 'events', { ...settings, ...asEnvironment(outputs) });
    return { main, events };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function snapshot(bicep: string, folder: string, name: string, settings: NodeJS.Dict<string>): string {
  // Only what the set says: a developer's own environment must not show in a snapshot.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings };
  const args = ['snapshot', join(folder, `${name}.bicepparam`), '--mode', 'overwrite', ...where];
  const { status, stderr } = spawnSync(bicep, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`bicep snapshot ${name}.bicepparam failed:\n${stderr}`);
  return ordered(JSON.parse(readFileSync(join(folder, `${name}.snapshot.json`), 'utf8')) as Snapshot);
}

/** Bicep writes outputs in another order each time. */
function ordered(content: Snapshot): string {
  const outputs = Object.entries(content.outputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ ...content, outputs: Object.fromEntries(outputs) }, null, 2)}\n`;
}

/** azd hands outputs on in the same way: texts as they are, anything else as JSON. */
function asEnvironment(outputs: Snapshot['outputs']): NodeJS.Dict<string> {
  const entries = Object.entries(outputs);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function catalogJson(file: string): string {
  const text = readFileSync(file, 'utf8');
  const uses = settingsIn(readDocument(file, text).value);
  const stand = placeholders(uses);
  const result = loadCatalog({ file, text, readFile: () => undefined, settings: Object.fromEntries(stand) });
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return JSON.stringify(infrastructureOf({ ...result, uses, placeholders: stand }));
}
