/**
 * `npm run simulate -- --schedules N [--from SEED]`: plays that many schedules on all cores.
 * `npm run simulate -- --seed SEED [--without FAULT,…] [--drop POSITION,…]`: replays one and shows it.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { play } from './play.ts';
import { report } from './report.ts';
import { scenario } from './scenario.ts';
import { cutScenario, replayCommand, shrink } from './shrink.ts';
import { isRemovable, removable } from './temper.ts';

interface Share {
  readonly from: number;
  readonly step: number;
  readonly until: number;
}

interface Told {
  readonly done?: number;
  readonly failed?: number;
}

if (isMainThread) await main();
else await work(workerData as Share);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      without: { type: 'string' },
      drop: { type: 'string' },
    },
  });
  if (values.seed !== undefined) return replay(number('seed', values.seed), values.without, values.drop);
  const from = number('from', values.from);
  await playMany(from, number('schedules', values.schedules));
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} is '${text}'; expected a whole number`);
  process.exit(2);
}

async function replay(seed: number, without: string | undefined, drop: string | undefined): Promise<void> {
  const names = without?.split(',') ?? [];
  const unknown = names.filter((name) => !isRemovable(name));
  if (unknown.length > 0) {
    console.error(`--without: no fault is called ${unknown.join(', ')}; there are ${removable.join(', ')}`);
    process.exit(2);
  }
  const dropped = drop?.split(',').map((position) => number('drop', position)) ?? [];
  const cut = cutScenario(scenario(seed), { without: names.filter(isRemovable), dropped });
  const played = await play(cut);
  console.log(report(cut, played));
  console.log(`1 schedules, ${played.violations.length > 0 ? 1 : 0} violations`);
  process.exitCode = played.violations.length > 0 ? 1 : 0;
}

async function playMany(from: number, schedules: number): Promise<void> {
  const threads = Math.min(availableParallelism(), Math.max(1, schedules));
  const failed: number[] = [];
  let done = 0;
  const started = performance.now();
  const progress = setInterval(() => console.error(`${done} of ${schedules}, ${failed.length} violations`), 10_000);
  const shares = Array.from({ length: threads }, (_, thread) => ({
    from: from + thread,
    step: threads,
    until: from + schedules,
  }));
  await Promise.all(
    shares.map(
      (share) =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: share });
          worker.on('message', (told: Told) => {
            done += told.done ?? 0;
            if (told.failed === undefined) return;
            failed.push(told.failed);
            console.error(`seed ${told.failed} violates a promise`);
          });
          worker.on('error', reject);
          worker.on('exit', () => resolve());
        }),
    ),
  );
  clearInterval(progress);
  for (const seed of failed.sort((a, b) => a - b).slice(0, 3)) {
    const { cut, played } = await shrink(scenario(seed));
    console.log(report(cutScenario(scenario(seed), cut), played));
    console.log(`replay it: ${replayCommand(seed, cut)}\n`);
  }
  if (failed.length > 3) console.log(`also: seeds ${failed.slice(3, 20).join(', ')}`);
  console.error(`${Math.round((performance.now() - started) / 1000)} s`);
  console.log(`${schedules} schedules, ${failed.length} violations`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

async function work({ from, step, until }: Share): Promise<void> {
  let done = 0;
  for (let seed = from; seed < until; seed += step) {
    const { violations } = await play(scenario(seed));
    if (violations.length > 0) parentPort?.postMessage({ failed: seed } satisfies Told);
    done++;
    if (done % 50 === 0 || seed + step >= until) {
      parentPort?.postMessage({ done } satisfies Told);
      done = 0;
    }
  }
}
