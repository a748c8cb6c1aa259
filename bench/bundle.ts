/** The bundle: its size, and how long it takes from the start of Node to the last registration, over bare Node. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Finding } from './lib/report.ts';
import { clocked, median, ms, times } from './lib/stats.ts';
import { root } from './lib/world.ts';

const run = promisify(execFile);

/** Answers `require('@azure/functions-core')` as the worker does, and counts what is registered. */
const core = `
const Module = require('node:module');
const load = Module._load;
let count = 0;
class Disposable { dispose() {} }
const api = {
  version: '3.9.0', hostVersion: '4.1040.0', Disposable,
  registerHook: () => new Disposable(), setProgrammingModel() {}, getProgrammingModel: () => undefined, log() {},
  registerFunction: () => { count += 1; return new Disposable(); },
};
Module._load = function (request, ...rest) { return request === '@azure/functions-core' ? api : load.call(this, request, ...rest); };
process.on('exit', () => process.stdout.write(String(count)));
`;

export async function benchBundle(rounds: number): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const [preload, empty] = [join(folder, 'core.cjs'), join(folder, 'empty.cjs')];
    await Promise.all([writeFile(preload, core), writeFile(empty, '')]);
    const bundle = join(root, 'dist', 'index.js');
    const start = (script: string) =>
      run(process.execPath, ['-r', preload, '-e', `require(${JSON.stringify(script)}); process.exit()`]);
    const { stdout: registered } = await start(bundle);
    const [bare, loaded]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await clocked(() => start(empty)));
      loaded.push(await clocked(() => start(bundle)));
    }
    const over = median(loaded) - median(bare);
    const bytes = await sizeOf(join(root, 'dist'));
    return {
      name: 'bundle',
      header: ['', 'measured', 'aim', 'against bare Node'],
      rows: [
        ['size', `${(bytes / 1e6).toFixed(2)} MB`, '≤ 1.4 MB', ''],
        ['bare Node, an empty script', ms(median(bare)), '', '1 ×'],
        [
          `Node and the bundle, ${registered} functions registered`,
          ms(median(loaded)),
          '',
          times(median(loaded), median(bare)),
        ],
        ['the bundle alone', ms(over), '≤ 40 ms', times(over, median(bare))],
      ],
      note: `Medians of ${rounds} starts each, in turns.`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All that is deployed of it: scripts, without what they were made from. */
async function sizeOf(folder: string): Promise<number> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.[cm]?js$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
