/** `npm run bench -- [names…] [--write]`: measures Sluice on the local Azure, and its peers in the same run. */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { benchBundle } from './bundle.ts';
import { benchCheck } from './check.ts';
import { benchCost } from './cost.ts';
import { benchLatency } from './latency.ts';
import { type Finding, tableOf, writePage } from './lib/report.ts';
import { root } from './lib/world.ts';
import { benchMemory } from './memory.ts';

const command = new Command('bench')
  .argument('[names...]', 'bundle, check, memory, latency, cost; all of them where none is named')
  .option('--write', 'writes the tables into docs/performance.md', false)
  .option('--explain', 'tells each request that cost and latency are made of', false)
  .option('--pushes <number>', 'how many pushes the latency is taken of', Number, 100)
  .option('--rounds <number>', 'how often the others are repeated', Number, 9)
  .parse();
const { write, explain, pushes, rounds } = command.opts<{
  write: boolean;
  explain: boolean;
  pushes: number;
  rounds: number;
}>();

const benches: Readonly<Record<string, () => Promise<readonly Finding[]>>> = {
  bundle: async () => [await benchBundle(2 * rounds)],
  check: async () => [await benchCheck(rounds)],
  memory: async () => [await benchMemory()],
  latency: async () => [await benchLatency(pushes, explain)],
  cost: async () => [await benchCost(explain)],
};

async function machine(): Promise<Finding> {
  const { stdout } = await promisify(execFile)('skopeo', ['--version']);
  const [first] = cpus();
  return {
    name: 'machine',
    header: ['', ''],
    rows: [
      ['measured', new Date().toISOString().slice(0, 16).replace('T', ' ')],
      ['Node', process.versions.node],
      ['processor', `${cpus().length} × ${first?.model ?? 'unknown'}`],
      ['peers', stdout.trim()],
    ],
  };
}

const names = command.args.length > 0 ? command.args : Object.keys(benches);
const unknown = names.filter((name) => !benches[name]);
if (unknown.length > 0) {
  command.error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`);
}
await promisify(execFile)(process.execPath, [join(root, 'scripts', 'build.mjs')]);
const findings: Finding[] = [await machine()];
for (const name of names) {
  const found = (await benches[name]?.()) ?? [];
  for (const finding of found) console.log(`\n${tableOf(finding)}`);
  findings.push(...found);
}
if (write) await writePage(findings);
