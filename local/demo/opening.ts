import { colors } from '../colors.ts';
import type { Closeable } from '../contracts.ts';
import { dockerCli } from '../docker-cli-image.ts';
import { allStarted } from '../parts.ts';
import { layersTag } from './acts.ts';
import { catalogWithTag } from './catalog.ts';
import { startContainerHost } from './container.ts';
import { Stage, type Subject } from './stage.ts';
import type { Terminal } from './terminal.ts';
import { seconds } from './text.ts';
import { copyUpstream, writtenTag } from './upstream.ts';
import { buildSluice, openWorld, type World } from './world.ts';

const defaultTag = '9-alpine';

/** Short, so that the story is; docs/architecture.md has the defaults. */
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
  readonly signal: AbortSignal;
}

/** A step of the opening failed; `label` says which. */
export class OpeningFailed extends Error {
  override readonly name = 'OpeningFailed';
  readonly label: string;

  constructor(label: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.label = label;
  }
}

/** Starts all that the story needs, and says what is real about it. */
export async function openStage(terminal: Terminal, options: OpeningOptions): Promise<Stage> {
  const { signal } = options;
  const tag = (options.upstream && writtenTag(options.upstream)) ?? defaultTag;
  const subject: Subject = {
    image: 'node',
    tag,
    upstream: 'public/node',
    staging: 'staging/node',
    target: 'base-images/node',
  };
  introduce(terminal);
  const [world] = await step(terminal, 'local Azure', 'registries, storage, identity, ARM, Event Grid', () =>
    allStarted([openKept(tag, options), buildSluice()] as const),
  );
  signal.throwIfAborted();
  const made = `made of this machine's Node ${process.versions.node} and busybox`;
  const what = options.upstream ? `a copy of ${options.upstream}` : made;
  // Both end before anything is closed: a host that is still starting could not be.
  const [, host] = await allStarted([
    step(terminal, 'upstream', `simulated: ${subject.upstream} stands for a public registry's, ${what}`, async () => {
      await world.makeImage('docker-cli', dockerCli);
      await fetchLayers(world, subject, options);
    }),
    world.startSluice(),
  ] as const);
  signal.throwIfAborted();
  terminal.note('saw', 'Sluice', `${host.functions.length} functions in a host of their own at ${host.endpoint}`);
  const { caFile } = world.azure.certificate;
  const container = await startContainerHost(world.dev, { caFile, stateDir: world.folder });
  options.opened(container);
  const { address, key } = world.sluice;
  const runs = { part: "Sluice's runs", address: `${address}/api/runs?code=${key}`, note: 'as its API lists them' };
  const page = { part: 'hello-world', address: container.address, note: 'the page of the image as it is now' };
  world.azure.show({ rows: [runs, page] });
  return new Stage(world, terminal, subject, container, signal);
}

async function openKept(tag: string, { onLine, opened, signal }: OpeningOptions): Promise<World> {
  const catalog = await catalogWithTag(tag);
  const world = await openWorld({ catalog, settings, azure: { page: true }, onLine, signal });
  opened(world);
  return world;
}

function introduce(terminal: Terminal): void {
  terminal.line();
  terminal.paragraph(`${colors.bold('Sluice')}: nothing reaches your builds that your own tests have not let through.`);
  terminal.line();
  terminal.paragraph(
    'Azure is simulated on this machine; registries, builds, containers and tests are real.',
    colors.dim,
  );
  terminal.paragraph(
    'Each line below was read from a registry, a task run or the row of a run just before.',
    colors.dim,
  );
  terminal.line();
}

async function step<T>(terminal: Terminal, label: string, text: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const busy = terminal.busy(label);
  busy.text(text);
  try {
    const done = await work().finally(() => busy.end());
    terminal.note('saw', label, `${text} ${colors.dim(`(${seconds(performance.now() - begun)})`)}`);
    return done;
  } catch (cause) {
    throw new OpeningFailed(label, cause);
  }
}

async function fetchLayers(world: World, subject: Subject, { upstream, signal }: OpeningOptions): Promise<void> {
  const image = `${subject.upstream}:${layersTag}`;
  if (upstream === undefined) await world.makeImage('node', image);
  else await copyUpstream(world, upstream, image, signal);
}
