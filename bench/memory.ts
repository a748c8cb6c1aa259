/** What a process weighs that tracks 1,000 tags. */
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { type ManyTags, many, repositories, startTracking, withManyTags } from './lib/many-tags.ts';
import type { Finding } from './lib/report.ts';
import { times } from './lib/stats.ts';

/**
 * V8 sizes its heap by the machine's memory: a quarter of it for each four bytes of a pointer, and a 128th of that for new
 * objects. Here it would let garbage lie that it collects on an instance of 512 MB, so it is told to be as it is there.
 */
const asOnInstance = { NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=2' };

export const benchMemory = () => withManyTags(measure);

async function measure(given: ManyTags): Promise<Finding> {
  const weigh = async (count: number, ticks: number, heap: Readonly<Record<string, string>> = asOnInstance) => {
    const sluice = await startTracking(given, count, heap);
    try {
      for (let tick = 0; tick < ticks; tick += 1) await sluice.tick('watchUpstream');
      const last = sluice.logged('sluice.tick').at(-1);
      if (last !== undefined && (last.tags !== count * repositories.length || last.unknown !== 0))
        throw new Error(`The check was not what it should be: ${JSON.stringify(last)}.`);
      return await memoryOf(sluice.host.pid);
    } finally {
      await sluice.close();
    }
  };
  const started = await weigh(1, 0);
  const ten = await weigh(1, 3);
  const first = await weigh(many, 1);
  const later = await weigh(many, 3);
  const large = await weigh(many, 3, {});
  const row = (what: string, { now, peak }: Memory) => [
    what,
    `${now.toFixed(0)} MB`,
    `${peak.toFixed(0)} MB`,
    times(now, ten.now),
  ];
  return {
    name: 'memory',
    header: ['resident memory of the functions host', 'at the end', 'at most', 'against 10 tags'],
    rows: [
      ['aim, 1,000 tracked tags', '', '≤ 150 MB', ''],
      row('started, nothing done', started),
      row('10 tags, three ticks', ten),
      row('1,000 tags, the first look at them', first),
      row('1,000 tags, three ticks', later),
      row(`1,000 tags, three ticks, the heap sized for ${(totalmem() / 1e9).toFixed(0)} GB`, large),
    ],
    note: 'The whole process: Node, the local functions host and Sluice in it; the heap as V8 sizes it on an instance of 512 MB, but for the last row. On Azure host and worker are two.',
  };
}

/** In megabytes (10⁶ bytes). */
interface Memory {
  readonly now: number;
  readonly peak: number;
}

async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}
