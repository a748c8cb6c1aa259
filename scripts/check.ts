// Checks the catalog and says what Sluice would do: `npm run check -- --help`.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { readDocument } from '../src/lib/catalog/document.ts';
import { loadCatalog } from '../src/lib/catalog/load.ts';
import { formatProblems } from '../src/lib/catalog/problem.ts';
import { catalogJsonSchema } from '../src/lib/catalog/schema.ts';
import { type Settings, settingsIn } from '../src/lib/catalog/settings.ts';
import { infrastructureOf } from './check/infrastructure.ts';
import { placeholders, unreplace } from './check/placeholders.ts';
import { formatPlan } from './check/plan.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Options {
  readonly settings?: string;
  readonly json?: boolean;
  readonly schema?: boolean;
  readonly check?: boolean;
}

const command = new Command('npm run check --')
  .description('Checks the catalog, and says image by image what Sluice would do.')
  .argument('[file]', 'the catalog', join(root, 'sluice.yaml'))
  .option('--settings <file>', 'take app settings from this file (local.settings.json), and miss none')
  .option('--json', 'write infra/catalog.json, what the infrastructure needs to know of the catalog')
  .option('--schema', 'write sluice.schema.json, what an editor needs to know of catalogs')
  .option('--check', 'write nothing: exit with 1 where infra/catalog.json or sluice.schema.json is not up to date')
  .parse();

const [file = ''] = command.processedArgs as string[];
process.exitCode = main(file, command.opts<Options>());

function main(path: string, options: Options): number {
  const text = readFile(path);
  if (text === undefined) return fail(`There is no catalog ${path}. Name one: npm run check -- FILE`);
  const uses = settingsIn(readDocument(path, text).value);
  const stand = placeholders(uses);
  const source = { file: shown(path), text, readFile: (name: string) => readFile(join(dirname(path), name)) };

  const given = options.settings === undefined ? process.env : readSettings(options.settings);
  if (typeof given === 'string') return fail(given);
  const settings = options.settings === undefined ? withPlaceholders(stand, given) : given;
  const result = loadCatalog({ ...source, settings });
  if (!result.ok) return fail(formatProblems(result.problems));

  const neutral = loadCatalog({ ...source, settings: Object.fromEntries(stand) });
  if (!neutral.ok) return fail(formatProblems(neutral.problems));
  const infrastructure = { ...infrastructureOf({ ...neutral, uses, placeholders: stand }) };
  const written = [
    { path: join(root, 'sluice.schema.json'), wanted: options.schema, content: catalogJsonSchema() },
    { path: join(root, 'infra/catalog.json'), wanted: options.json, content: infrastructure },
  ];
  if (options.check) return compare(written);
  const wanted = written.filter((it) => it.wanted);
  for (const { path: target, content } of wanted) write(target, content);
  if (wanted.length > 0) return 0;

  const missing = new Map([...stand].filter(([name]) => settings !== given && !given[name]));
  console.log(`${source.file} is right.\n\n${unreplace(formatPlan(result.catalog), missing)}`);
  if (missing.size > 0) console.log(neededText([...missing.keys()]));
  return 0;
}

function neededText(missing: readonly string[]): string {
  const names = missing.map((name) => `  ${name}`).join('\n');
  return `App settings that this catalog needs; above, their names stand for them:\n${names}`;
}

function withPlaceholders(stand: ReadonlyMap<string, string>, given: Settings): Settings {
  const present = Object.entries(given).filter(([, value]) => value !== undefined && value !== '');
  return { ...Object.fromEntries(stand), ...Object.fromEntries(present) };
}

/** `{"Values": {…}}` as local.settings.json has it, or the values alone; a text says what is wrong with the file. */
function readSettings(path: string): Settings | string {
  if (readFile(path) === undefined) return `There is no file ${path} to take app settings from.`;
  const content = readJson(path);
  if (!isRecord(content)) return `${path} holds no settings: expected a JSON file with Values.`;
  const values = isRecord(content.Values) ? content.Values : content;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function compare(files: readonly { path: string; content: object }[]): number {
  const stale = files.filter(({ path, content }) => !isDeepStrictEqual(readJson(path), plain(content)));
  if (stale.length === 0) return 0;
  const names = stale.map(({ path }) => shown(path)).join(' and ');
  return fail(`Not up to date: ${names}. Run: npm run check -- --json --schema`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFile(path) ?? '');
  } catch {
    return undefined;
  }
}

function plain(content: object): unknown {
  return JSON.parse(JSON.stringify(content));
}

function write(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  spawnSync('npx', ['biome', 'format', '--write', path], { cwd: root });
  console.log(`Wrote ${shown(path)}.`);
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(message: string): number {
  console.error(message);
  return 1;
}
