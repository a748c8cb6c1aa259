import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Command, InvalidArgumentError } from 'commander';
import { play } from './play.ts';
import { report } from './report.ts';
import { scenario } from './scenario.ts';
import { cutScenario, replayCommand, shrink } from './shrink.ts';
import { isRemovable, type Removable, removable } from './temper.ts';

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

interface Flags {
  readonly schedules: number;
  readonly from: number;
  readonly seed?: number;
  readonly without?: readonly Removable[];
  readonly drop?: readonly number[];
}

async function main(): Promise<void> {
  const flags = new Command('npm run simulate --')
    .description('Plays the protocol under crashes, losses and lag, and shrinks what violates a promise.')
    .option('--schedules <number>', 'how many schedules to play, on all cores', atLeastOne, 1000)
    .option('--from <seed>', 'the first one', wholeNumber, 1)
    .option('--seed <seed>', 'replay this one only, and show it', wholeNumber)
    .option('--without <faults>', `with --seed: leave faults out, as in ${removable.slice(0, 2).join(',')}`, faults)
    .option('--drop <positions>', 'with --seed: leave inputs out, as in 0,3', positions)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse()
    .opts<Flags>();
  if (flags.seed !== undefined) await replay(flags.seed, flags);
  else await playMany(flags.from, flags.schedules);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a whole number.');
}

/** Nothing that was played violates nothing. */
function atLeastOne(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('Expected at least one schedule: without any, nothing is shown.');
  return value;
}

function faults(text: string): Removable[] {
  return text.split(',').map((name) => {
    if (isRemovable(name)) return name;
    throw new InvalidArgumentError(`No fault is called ${name}; there are ${removable.join(', ')}.`);
  });
}

const positions = (text: string): number[] => text.split(',').map(wholeNumber);

async function replay(seed: number, { without = [], drop = [] }: Flags): Promise<void> {
  const cut = cutScenario(scenario(seed), { without, dropped: drop });
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
