import { fileURLToPath } from 'node:url';
import type { RegistryNotification } from '../../local/contracts.ts';
import { catalogWithImages } from '../../local/demo/catalog.ts';
import { createHelloWorld, startBuild, taskRuns } from '../../local/demo/hello-world.ts';
import { pushVariant } from '../../local/demo/images.ts';
import { buildSluice, openWorld, type World } from '../../local/demo/world.ts';

export const tag = '1';
export const places = { upstream: 'public/shell', staging: 'staging/shell', target: 'base-images/shell' } as const;
export const base = `${places.target}:${tag}`;
export const page = fileURLToPath(new URL('hello-world', import.meta.url));

const never = '0 0 0 1 1 *';

/** Periods as short as their inequalities allow; no timer but those that a suite asks for. */
export const quick: Readonly<Record<string, string>> = {
  SLUICE_WATCH_SCHEDULE: never,
  SLUICE_SWEEP_SCHEDULE: never,
  SLUICE_DRIFT_SCHEDULE: never,
  SLUICE_PERIOD_POLL: '0.2',
  SLUICE_PERIOD_INLINE: '0.2',
  SLUICE_PERIOD_RETRY: '0.5',
  SLUICE_PERIOD_LEASE_WAIT: '0.5',
  SLUICE_PERIOD_EFFECT_AFTER_READ: '5',
  SLUICE_PERIOD_REQUEST_LIFE: '1',
  SLUICE_PERIOD_REPLICA_LAG: '1',
  SLUICE_PERIOD_LISTING_LAG: '0.5',
  SLUICE_PERIOD_INTENT_OLD: '6',
  SLUICE_PERIOD_IMPORT_DEADLINE: '30',
  SLUICE_PERIOD_GRACE: '4',
  SLUICE_PERIOD_CLOCK_SKEW: '1',
  SLUICE_PERIOD_DUE_SLACK: '1',
  SLUICE_PERIOD_OVERDUE: '1.5',
  SLUICE_PERIOD_CREATION: '1',
  SLUICE_PERIOD_ORPHAN: '3',
  AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.1',
};

export const images = {
  shell: {
    upstream: 'buffer/public/shell',
    tags: [tag],
    validate: [{ run: ['sh', '-c', 'test "$BACKGROUND_COLOR" != red'] }],
    dependents: { discover: true },
  },
};

export interface Transition {
  readonly run?: string;
  readonly digest?: string;
  readonly kind?: string;
  readonly from: string;
  readonly to: string;
  readonly outcome?: string;
  readonly why: string;
}

/** What happened outside of Sluice, as the registries and ARM saw it. */
export interface Seen {
  /** Imports that ARM was asked for, by their target. */
  readonly imports: string[];
  /** Pushes of the stable tag into the target, by digest. */
  readonly moves: string[];
  readonly transitions: Transition[];
  readonly lines: string[];
}

export interface Pipeline {
  readonly world: World;
  readonly seen: Seen;
  /** Pushes another image upstream. The answer is its digest. */
  publish(color: string): Promise<string>;
  /** Digests of upstream, staging and target, as the registry has them now. */
  digests(): Promise<Readonly<Record<keyof typeof places, string | undefined>>>;
  /** What hello-world's newest successful run was built on. */
  builtOn(task?: string): string | undefined;
  close(): Promise<void>;
}

export interface PipelineOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly images?: Readonly<Record<string, unknown>>;
  readonly messageInvisibility?: number;
  readonly eventTimeScale?: number;
}

/** Sluice on a local Azure, before anything was pushed. */
export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  await buildSluice();
  const seen: Seen = { imports: [], moves: [], transitions: [], lines: [] };
  const { messageInvisibility } = options;
  const world = await openWorld({
    catalog: await catalogWithImages(options.images ?? images),
    settings: { ...quick, ...options.settings },
    azure: { events: { timeScale: options.eventTimeScale ?? 1 } },
    ...(messageInvisibility === undefined ? {} : { messageInvisibility }),
    onLine: (line) => record(seen, line),
  });
  world.azure.arm.imports.addRule({
    matches: ({ targets }) => {
      seen.imports.push(...targets);
      return false;
    },
  });
  world.buffer.onNotification(({ target, byImport }: RegistryNotification) => {
    if (target.repository === places.target && target.tag === tag && !byImport) seen.moves.push(target.digest ?? '');
  });
  await world.makeImage('docker-cli', 'tools/docker-cli:latest');
  await world.startSluice();
  let published = 0;
  return {
    world,
    seen,
    async publish(color) {
      published += 1;
      const env = { BACKGROUND_COLOR: color, RELEASE: String(published) };
      if (published === 1) return world.makeImage('busybox', `${places.upstream}:${tag}`, env);
      return pushVariant(world.repository(world.buffer, places.upstream), tag, tag, env);
    },
    async digests() {
      const read = (repository: string) => world.digest(world.buffer, repository, tag);
      const [upstream, staging, target] = await Promise.all([
        read(places.upstream),
        read(places.staging),
        read(places.target),
      ]);
      return { upstream, staging, target };
    },
    builtOn(task) {
      const newest = taskRuns(world, task).find(({ status }) => status === 'Succeeded');
      if (newest === undefined) return undefined;
      const built = world.azure.arm.view.tasks().find(({ name }) => name === (task ?? 'hello-world'));
      return built?.baseImageDependencies[0]?.digest;
    },
    close: () => world.close(),
  };
}

/** The host puts a time before each line that a function writes. */
function record({ transitions, lines }: Seen, line: string): void {
  lines.push(line);
  const start = line.indexOf('{"name":"sluice.transition"');
  if (start >= 0) transitions.push(JSON.parse(line.slice(start)) as Transition);
}

/** Waits for what `condition` looks for; it gives undefined or false until it is there. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  milliseconds = 45_000,
): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`Waited ${milliseconds / 1000} s in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The first image through, and hello-world built on it. */
export async function firstImage(pipeline: Pipeline, task: { readonly trigger?: boolean } = {}): Promise<string> {
  const digest = await pipeline.publish('blue');
  await until('the first promotion', async () => (await pipeline.digests()).target === digest);
  await ended(pipeline, digest);
  await createHelloWorld(pipeline.world, { base, context: page, ...task });
  await startBuild(pipeline.world);
  await until('the first build of hello-world', () => pipeline.builtOn() === digest);
  return digest;
}

/** The last transition of the newest run of a digest, once that has ended. */
export function ended({ seen }: Pipeline, digest: string, from = 0): Promise<Transition> {
  return until(`the end of a run of ${digest}`, () =>
    seen.transitions.slice(from).findLast((one) => one.digest === digest && one.outcome !== undefined),
  );
}
