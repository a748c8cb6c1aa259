/**
 * A look at 200 tags in 10 repositories where nothing has changed: what goes over the wire, and how long it takes beside
 * `skopeo sync` of the same tags and a bare `curl -Z`.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { LocalRegistry } from '../local/contracts.ts';
import { login, types } from '../test/local/registry-images.ts';
import { authFile } from './lib/auth.ts';
import { few, type ManyTags, repositories, startTracking, tagsOf, withManyTags } from './lib/many-tags.ts';
import type { Finding } from './lib/report.ts';
import { clocked, median, ms, times } from './lib/stats.ts';
import type { Exchange, Wire } from './lib/wire.ts';
import type { World } from './lib/world.ts';

const run = promisify(execFile);

interface Counts {
  readonly heads: number;
  readonly tokens: number;
  readonly others: number;
  readonly reads: number;
  readonly writes: number;
}

async function counted(world: World, wire: Wire, work: () => Promise<unknown>): Promise<Counts> {
  const { tables, queue, arm } = world.wires;
  for (const each of [wire, tables, queue, arm]) each.clear();
  await work();
  const heads = wire.exchanges.filter(({ method, path }) => method === 'HEAD' && path.includes('/manifests/')).length;
  const tokens = wire.exchanges.filter(({ path }) => path.startsWith('/oauth2/token')).length;
  const isWrite = ({ method, path }: Exchange) =>
    method !== 'GET' && method !== 'HEAD' && !path.startsWith('/oauth2/token');
  const state = [...tables.exchanges, ...queue.exchanges.filter((one) => one.method !== 'GET'), ...arm.exchanges];
  return {
    heads,
    tokens,
    others: wire.exchanges.length - heads - tokens,
    reads: tables.exchanges.filter(({ method }) => method === 'GET').length,
    writes: [...state, ...wire.exchanges].filter(isWrite).length,
  };
}

export const benchCheck = (rounds: number) => withManyTags((given) => measure(given, rounds));

async function measure(given: ManyTags, rounds: number): Promise<Finding> {
  const { world, wire, upstream } = given;
  const first = await startTracking(given, few);
  await first.tick('watchUpstream');
  await first.close();
  const sluice = await startTracking(given, few);
  try {
    let line: Readonly<Record<string, unknown>> = {};
    const ticked = async () => {
      line = await sluice.tick('watchUpstream');
    };
    const cold = await counted(world, wire, ticked);
    const coldTime = Number(line.durationMs);
    const warm = await counted(world, wire, ticked);
    if (line.tags !== 200 || line.changed !== 0 || line.unknown !== 0)
      throw new Error(`The check was not what it should be: ${JSON.stringify(line)}.`);
    const sync = await prepareSync(world, upstream);
    const curl = await prepareCurl(world, upstream);
    const [ours, theirs, floor]: [number[], number[], number[]] = [[], [], []];
    await sync();
    for (let round = 0; round < rounds; round += 1) {
      await ticked();
      ours.push(Number(line.durationMs));
      theirs.push(await clocked(sync));
      floor.push(await clocked(curl));
    }
    const row = (what: string, time: number, { heads, tokens, others, reads, writes }: Counts) => [
      what,
      String(heads),
      String(tokens),
      String(others),
      String(reads),
      String(writes),
      ms(time),
      times(time, median(floor)),
    ];
    const peer = (what: string, found: readonly number[]) => [
      what,
      ...Array(5).fill(''),
      ms(median(found)),
      times(median(found), median(floor)),
    ];
    return {
      name: 'check',
      header: ['200 tags, nothing changed', 'HEAD', 'tokens', 'other', 'table reads', 'writes', 'time', 'against curl'],
      rows: [
        ['aim', '200', '≤ 10', '', '', '0', '', ''],
        row('Sluice, the first tick of a process', coldTime, cold),
        row('Sluice, each later tick', median(ours), warm),
        peer('`skopeo sync`, all of it there already', theirs),
        peer('`curl -Z`, 200 HEADs, 16 at once', floor),
      ],
      note: `Medians of ${rounds}, in turns. *other* is the one \`GET /v2/\` by which the challenge is learned.`,
    };
  } finally {
    await sluice.close();
  }
}

/** The same tags into the other registry: as a nightly script does it. */
async function prepareSync(world: World, upstream: LocalRegistry): Promise<() => Promise<unknown>> {
  const { azure } = world;
  const buffer = azure.registry('contosobaseimages');
  const list = join(azure.state, 'sync.yaml');
  const images = Object.fromEntries(repositories.map((repository) => [`up/${repository}`, tagsOf(few)]));
  await writeFile(
    list,
    stringify({
      [upstream.loginServer]: {
        images,
        credentials: upstream.admin,
        'cert-dir': azure.certificate.caFolder,
      },
    }),
  );
  const target = ['--dest-cert-dir', azure.certificate.caFolder, '--authfile', await authFile(azure)];
  const args = ['sync', '--src', 'yaml', '--dest', 'docker', ...target, list, `${buffer.loginServer}/sync`];
  return () => run('skopeo', args, { maxBuffer: 1e8 });
}

/** As few requests as can tell the digests, with nothing decided or recorded. */
async function prepareCurl(world: World, upstream: LocalRegistry): Promise<() => Promise<unknown>> {
  const { state, certificate } = world.azure;
  const list = join(state, 'curl.txt');
  const urls = repositories.flatMap((repository) =>
    tagsOf(few).map(
      (tag) => `url = "${upstream.endpoint}/v2/up/${repository}/manifests/${tag}"\noutput = "/dev/null"\n`,
    ),
  );
  // In the file, not on the command line, which is shown when it fails.
  await writeFile(list, [`user = "${login(upstream)}"\n`, ...urls].join(''), { mode: 0o600 });
  const args = ['-Z', '--parallel-max', '16', '-sS', '--head', '--fail', '--cacert', certificate.caFile];
  return () => run('curl', [...args, '-H', `Accept: ${types.manifest}`, '-K', list], { maxBuffer: 1e8 });
}
