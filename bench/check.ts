/**
 * A look at 200 tags in 10 repositories where nothing has changed: what goes over the wire, and how long it takes beside
 * `skopeo sync` of the same tags and a bare `curl -Z`. And what a process weighs that tracks 1,000 tags.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { LocalRegistry } from '../local/contracts.ts';
import { type Image, login, makeImage, types } from '../test/local/registry-images.ts';
import { authFile } from './lib/auth.ts';
import type { Finding } from './lib/report.ts';
import { clocked, median, ms, times } from './lib/stats.ts';
import type { Exchange, Wire } from './lib/wire.ts';
import { openWorld, type Sluice, type World } from './lib/world.ts';

const run = promisify(execFile);
const repositories = Array.from({ length: 10 }, (_, number) => `r${number}`);
const few = 20;
const many = 100;
const tagsOf = (count: number) => Array.from({ length: count }, (_, number) => `t${number}`);

export async function benchCheck(rounds: number): Promise<Finding[]> {
  const world = await openWorld();
  try {
    const [buffer, upstream] = [world.azure.registry('contosobaseimages'), world.azure.registry('contosodev')];
    const image = makeImage();
    await fill(upstream, 'up', image);
    await fill(buffer, 'base-images', image);
    const wire = await world.wire(upstream.endpoint);
    return [await benchRequests(world, wire, upstream, rounds), await benchMemory(world, wire, upstream)];
  } finally {
    await world.close();
  }
}

/** The same image under every tag. Straight to the real registry: it is no part of what is measured. */
async function fill(registry: LocalRegistry, prefix: string, image: Image): Promise<void> {
  for (const repository of repositories) {
    const base = `${registry.backend}/v2/${prefix}/${repository}`;
    for (const { bytes, digest } of image.blobs) {
      const upload = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
      const address = new URL(upload.headers.get('location') ?? '', registry.backend);
      address.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      await fetch(address, { method: 'PUT', body: new Uint8Array(bytes), headers });
    }
    await Promise.all(
      tagsOf(many).map(async (tag) => {
        const body = new Uint8Array(image.manifest.bytes);
        const headers = { 'content-type': types.manifest };
        const answer = await fetch(`${base}/manifests/${tag}`, { method: 'PUT', body, headers });
        if (answer.status !== 201) throw new Error(`Pushing ${base}:${tag} was answered ${answer.status}.`);
      }),
    );
  }
}

function startTracking(
  world: World,
  wire: Wire,
  upstream: LocalRegistry,
  count: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Sluice> {
  const host = new URL(wire.origin).host;
  const images = repositories.map((repository) => [
    repository,
    {
      upstream: { image: `${host}/up/${repository}`, credentials: 'BENCH' },
      tags: tagsOf(count),
      validate: [],
    },
  ]);
  const settings = { ...more, BENCH_USERNAME: upstream.admin.username, BENCH_PASSWORD: upstream.admin.password };
  return world.start({ images: Object.fromEntries(images), settings, watched: 'everything', events: false });
}

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

async function benchRequests(world: World, wire: Wire, upstream: LocalRegistry, rounds: number): Promise<Finding> {
  const first = await startTracking(world, wire, upstream, few);
  await first.tick('watchUpstream');
  await first.close();
  const sluice = await startTracking(world, wire, upstream, few);
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

/**
 * V8 sizes its heap by the machine's memory: a quarter of it for each four bytes of a pointer, and a 128th of that for new
 * objects. Here it would let garbage lie that it collects on an instance of 512 MB, so it is told to be as it is there.
 */
const asOnInstance = { NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=2' };

async function benchMemory(world: World, wire: Wire, upstream: LocalRegistry): Promise<Finding> {
  const weigh = async (count: number, ticks: number, heap: Readonly<Record<string, string>> = asOnInstance) => {
    const sluice = await startTracking(world, wire, upstream, count, heap);
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
