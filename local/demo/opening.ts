import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { colors } from '../colors.ts';
import type { Closeable } from '../contracts.ts';
import { parseImageName } from '../runner/images/name.ts';
import { layersTag } from './acts.ts';
import { catalogWithTag } from './catalog.ts';
import { startContainerHost } from './container.ts';
import { Stage, type Subject } from './stage.ts';
import { seconds, type Terminal } from './terminal.ts';
import { buildSluice, openWorld, type World } from './world.ts';

const defaultTag = '9-alpine';

/** Short, so that the story is; docs/operating.md has the defaults. */
const settings: Readonly<Record<string, string>> = {
  SLUICE_WATCH_SCHEDULE: '*/5 * * * * *',
  SLUICE_SWEEP_SCHEDULE: '*/10 * * * * *',
  SLUICE_DRIFT_SCHEDULE: '*/10 * * * * *',
  SLUICE_PERIOD_POLL: '0.5',
  SLUICE_PERIOD_INLINE: '0.4',
  SLUICE_PERIOD_RETRY: '1',
  SLUICE_PERIOD_LEASE_WAIT: '1',
  SLUICE_PERIOD_LISTING_LAG: '1',
  SLUICE_PERIOD_GRACE: '5',
  SLUICE_PERIOD_CLOCK_SKEW: '1',
  AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.2',
};

export interface OpeningOptions {
  /** An image to begin with; absent: one made of this machine's Node and busybox. */
  readonly upstream?: string;
  readonly onLine: (line: string) => void;
  /** Told of each part that must be closed, in the order they were opened. */
  readonly opened: (part: Closeable) => void;
}

/** Starts all that the story needs, and says what is real about it. */
export async function openStage(terminal: Terminal, options: OpeningOptions): Promise<Stage> {
  const tag = tagOf(options.upstream);
  const subject: Subject = {
    image: 'node',
    tag,
    upstream: 'public/node',
    staging: 'staging/node',
    target: 'base-images/node',
  };
  introduce(terminal);
  const [world] = await step(terminal, 'local Azure', 'registries, storage, identity, ARM, Event Grid', () =>
    Promise.all([openKept(tag, options), buildSluice()]),
  );
  const what = options.upstream ?? `this machine's Node ${process.versions.node} and busybox`;
  const [, host] = await Promise.all([
    step(terminal, 'upstream', `${subject.upstream} stands for a public registry's: ${what}`, async () => {
      await world.makeImage('docker-cli', 'tools/docker-cli:latest');
      await fetchLayers(world, subject, options.upstream);
    }),
    world.startSluice(),
  ]);
  terminal.note('saw', 'Sluice', `${host.functions.length} functions in a host of their own at ${host.endpoint}`);
  const { caFile } = world.azure.certificate;
  const container = await startContainerHost(world.dev, { caFile, stateDir: world.folder });
  options.opened(container);
  return new Stage(world, terminal, subject, container);
}

async function openKept(tag: string, { onLine, opened }: OpeningOptions): Promise<World> {
  const catalog = await catalogWithTag(tag);
  const world = await openWorld({ catalog, settings, azure: { page: true }, onLine });
  opened(world);
  return world;
}

function introduce(terminal: Terminal): void {
  terminal.line();
  terminal.line(`    ${colors.bold('Sluice')}: nothing reaches your builds that your own tests have not let through.`);
  terminal.line();
  terminal.line(
    colors.dim('    Azure is acted out on this machine; registries, builds, containers and tests are real.'),
  );
  terminal.line(
    colors.dim('    Each line below was read from a registry, a task run or the row of a run just before.'),
  );
  terminal.line();
}

async function step<T>(terminal: Terminal, label: string, text: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const busy = terminal.busy(label);
  busy.text(text);
  const done = await work().finally(() => busy.end());
  terminal.note('saw', label, `${text} ${colors.dim(`(${seconds(performance.now() - begun)})`)}`);
  return done;
}

function tagOf(upstream: string | undefined): string {
  if (upstream === undefined) return defaultTag;
  const name = parseImageName(upstream);
  if (!name?.tag)
    throw new Error(`--upstream ${upstream}: expected an image with a tag, as docker.io/library/node:22-alpine.`);
  return name.tag;
}

async function fetchLayers(world: World, subject: Subject, upstream: string | undefined): Promise<void> {
  const image = `${subject.upstream}:${layersTag}`;
  if (upstream === undefined) {
    await world.makeImage('node', image);
    return;
  }
  const { admin, loginServer } = world.buffer;
  const access = [
    '--dest-cert-dir',
    world.azure.certificate.caFolder,
    '--dest-creds',
    `${admin.username}:${admin.password}`,
  ];
  const policy = join(world.folder, 'bases', 'etc', 'policy.json');
  await promisify(execFile)('skopeo', [
    '--policy',
    policy,
    'copy',
    ...access,
    `docker://${upstream}`,
    `docker://${loginServer}/${image}`,
  ]);
}
