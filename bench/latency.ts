/**
 * From a push upstream to the start of its dependent's build: the event, two imports, two moved tags and the kick, with no
 * validation between them. Beside it, in turns, what a script would do for it: `skopeo copy` of the same image, twice.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { authFile } from './lib/auth.ts';
import type { Finding } from './lib/report.ts';
import { clocked, median, ms, quantile, times } from './lib/stats.ts';
import { tell } from './lib/tell.ts';
import type { Exchange } from './lib/wire.ts';
import { createDependent, openWorld, type Sluice, until, type World } from './lib/world.ts';

const run = promisify(execFile);
const upstream = 'public/shell';
const target = 'base-images/shell';

interface Lap {
  readonly kicked: number;
  readonly copied: number;
}

export async function benchLatency(pushes: number, explain: boolean): Promise<Finding> {
  const world = await openWorld();
  try {
    await world.push('busybox', `${upstream}:1`, { RELEASE: 'first' });
    const sluice = await world.start({
      images: {
        shell: { upstream: `buffer/${upstream}`, tags: ['1'], validate: [], dependents: { discover: true } },
      },
      settings: {
        SLUICE_PERIOD_POLL: '0.5',
        AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.1',
      },
      watched: explain ? 'everything' : 'ARM',
      events: true,
    });
    try {
      await sluice.tick('watchUpstream');
      await until('the first promotion', () => ends(sluice) === 1);
      await createDependent(world, 'hello-world', `${target}:1`, false);
      const laps: Lap[] = [];
      // The first ones are for the compiler and for connections.
      for (let number = -3; number < pushes; number += 1) {
        const found = await lap(world, sluice, number, explain);
        if (number >= 0) laps.push(found);
      }
      return report(laps);
    } finally {
      await sluice.close();
    }
  } finally {
    await world.close();
  }
}

const ends = (sluice: Sluice) =>
  sluice.logged('sluice.transition').filter(({ outcome }) => outcome === 'promoted').length;

async function lap(world: World, sluice: Sluice, number: number, explain: boolean): Promise<Lap> {
  const buffer = world.azure.registry('contosobaseimages');
  const before = ends(sluice);
  let pushed: number | undefined;
  buffer.onNotification((notification) => {
    const { repository, tag } = notification.target;
    if (repository === upstream && tag === '1') pushed ??= performance.now();
  });
  for (const wire of Object.values(world.wires)) wire.clear();
  await world.push('busybox', `${upstream}:1`, { RELEASE: String(number) });
  const isKick = ({ method, path }: Exchange) => method === 'POST' && path.includes('/scheduleRun');
  const lines = () => ['sluice.transition', 'sluice.event', 'sluice.advance'].map((name) => sluice.logged(name).at(-1));
  const kick = await until(
    'the kick',
    () => world.wires.arm.exchanges.find(isKick),
    60_000,
    () => JSON.stringify(lines()),
  );
  await until('the end of the run', () => ends(sluice) > before);
  if (explain) tell(world.wires, pushed);
  const logins = await authFile(world.azure);
  const copied = await clocked(async () => {
    await copy(world, logins, `${upstream}:1`, `script/staging:${number + 3}`);
    await copy(world, logins, `script/staging:${number + 3}`, `script/target:${number + 3}`);
  });
  return { kicked: kick.at - (pushed ?? Number.NaN), copied };
}

async function copy({ azure }: World, logins: string, from: string, to: string): Promise<void> {
  const buffer = azure.registry('contosobaseimages');
  const { caFolder } = azure.certificate;
  const trust = ['--src-cert-dir', caFolder, '--dest-cert-dir', caFolder];
  const references = [`docker://${buffer.loginServer}/${from}`, `docker://${buffer.loginServer}/${to}`];
  await run('skopeo', ['copy', ...trust, '--authfile', logins, ...references]);
}

function report(laps: readonly Lap[]): Finding {
  const ours = laps.map(({ kicked }) => kicked);
  const theirs = laps.map(({ copied }) => copied);
  const row = (what: string, values: readonly number[]) => [
    what,
    ms(median(values)),
    ms(quantile(values, 0.99)),
    times(median(values), median(theirs)),
  ];
  return {
    name: 'latency',
    header: ['push upstream → dependent started', 'p50', 'p99', 'against skopeo'],
    rows: [
      ['aim', '150 ms', '500 ms', ''],
      row('Sluice', ours),
      row('`skopeo copy`, twice, without any record', theirs),
    ],
    note: `${laps.length} pushes, in turns, from the registry's own notification to the request that starts the build.`,
  };
}
