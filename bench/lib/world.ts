import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { stringify } from 'yaml';
import type { Closeable } from '../../local/contracts.ts';
import { type LocalHost, startHost } from '../../local/host/start.ts';
import { type LocalAzure, startLocalAzure } from '../../local/index.ts';
import { BaseImages } from '../../local/runner/base-image.ts';
import { appSettings } from '../../local/settings.ts';
import { prepareState } from '../../local/sluice-state.ts';
import { openWire, type Wire } from './wire.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A local Azure of two registries, with wires before storage and ARM, and Sluice's own bundle in the functions host. */
export interface World extends Closeable {
  readonly azure: LocalAzure;
  readonly ca: string;
  readonly wires: { readonly tables: Wire; readonly queue: Wire; readonly arm: Wire };
  readonly arm: ContainerRegistryManagementClient;
  /** A wire before something else, closed with the world. */
  wire(target: string): Promise<Wire>;
  push(kind: 'busybox' | 'docker-cli', image: string, env?: Readonly<Record<string, string>>): Promise<string>;
  start(options: StartOptions): Promise<Sluice>;
}

export interface StartOptions {
  /** What stands under `images` in the catalog. */
  readonly images: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** What is asked through the wires: each costs a millisecond a request. */
  readonly watched: 'ARM' | 'everything';
  /** Whether pushes are heard of. */
  readonly events: boolean;
}

export interface Sluice extends Closeable {
  readonly host: LocalHost;
  /** JSON lines of one name, in order. */
  logged(name: string): readonly Readonly<Record<string, unknown>>[];
  /** Runs a timer's function and waits for its line. */
  tick(name: string): Promise<Readonly<Record<string, unknown>>>;
}

/** Timers come only when asked for. */
const never = '0 0 0 1 1 *';
const quiet = { SLUICE_WATCH_SCHEDULE: never, SLUICE_SWEEP_SCHEDULE: never, SLUICE_DRIFT_SCHEDULE: never };

export async function openWorld(): Promise<World> {
  const azure = await startLocalAzure({ registries: ['contosobaseimages', 'contosodev'] });
  const { certificate } = azure;
  const ca = await readFile(certificate.caFile, 'utf8');
  await prepareState(azure.storage, certificate.caFile);
  const open: Closeable[] = [azure];
  const wire = async (target: string) => {
    const opened = await openWire(target, certificate, ca);
    open.push(opened);
    return opened;
  };
  const [tables, queue, arm] = await Promise.all(
    [azure.storage.table, azure.storage.queue, azure.arm.endpoint].map((address) => wire(new URL(address).origin)),
  );
  if (!tables || !queue || !arm) throw new Error('The wires were not opened.');
  const wires = { tables, queue, arm };
  const images = new BaseImages(azure.state, certificate.caFile);
  const buffer = azure.registry('contosobaseimages');
  return {
    azure,
    ca,
    wires,
    arm: armClient(azure, ca),
    wire,
    push: async (kind, image, env = {}) =>
      (await images.make({ kind, reference: `${buffer.loginServer}/${image}`, env, login: buffer.admin })).digest,
    start: (options) => startSluice(azure, wires, options),
    async close() {
      for (const part of open.reverse()) await part.close();
    },
  };
}

function armClient(azure: LocalAzure, ca: string): ContainerRegistryManagementClient {
  const credential = {
    getToken: async () => ({
      token: await azure.identity.issue('https://management.azure.com'),
      expiresOnTimestamp: Date.now() + 3_600_000,
    }),
  };
  // The client reads it, its type does not say so.
  const trust = { tlsOptions: { ca } } as object;
  const options = { ...trust, endpoint: azure.arm.endpoint };
  return new ContainerRegistryManagementClient(credential, azure.scope.subscription, options);
}

async function startSluice(azure: LocalAzure, wires: World['wires'], options: StartOptions): Promise<Sluice> {
  const catalog = join(azure.state, `sluice-${Date.now()}.yaml`);
  await writeFile(catalog, stringify({ ...registries, images: options.images }));
  const lines: Record<string, unknown>[] = [];
  const account = new URL(azure.storage.table).pathname;
  const watched = {
    SLUICE_ARM_ENDPOINT: wires.arm.origin,
    ...(options.watched === 'everything' && {
      SluiceState__tableServiceUri: `${wires.tables.origin}${account}`,
      SluiceState__queueServiceUri: `${wires.queue.origin}${account}`,
    }),
  };
  const host = await startHost({
    app: root,
    caFile: azure.certificate.caFile,
    settings: {
      ...appSettings(azure),
      ...quiet,
      SLUICE_CATALOG: catalog,
      ...watched,
      ...options.settings,
    },
    onLine(line) {
      const start = line.indexOf('{"name":"sluice.');
      if (start >= 0) lines.push(JSON.parse(line.slice(start)));
    },
  });
  if (options.events) await subscribe(azure, host);
  const logged = (name: string) => lines.filter((line) => line.name === name);
  return {
    host,
    logged,
    async tick(name) {
      const ticks = () => logged('sluice.tick').filter((line) => line.function === name);
      const before = ticks().length;
      const headers = { 'x-functions-key': host.keys.master, 'content-type': 'application/json' };
      await fetch(`${host.endpoint}/admin/functions/${name}`, { method: 'POST', headers, body: '{}' });
      return until(`a tick of ${name}`, () => ticks()[before]);
    },
    close: () => host.close(),
  };
}

const registries = {
  buffer: 'buffer',
  registries: {
    buffer: {
      name: setting('BUFFER_NAME'),
      subscription: setting('SUBSCRIPTION'),
      resourceGroup: setting('RESOURCE_GROUP'),
      loginServer: setting('BUFFER_LOGIN_SERVER'),
    },
    dev: { name: setting('DEV_NAME'), loginServer: setting('DEV_LOGIN_SERVER') },
  },
};

function setting(name: string): string {
  return ['$', `{SLUICE_${name}}`].join('');
}

/** With the filter that infra/ deploys. */
async function subscribe(azure: LocalAzure, host: LocalHost): Promise<void> {
  await azure.events.subscribe({
    name: `onRegistryPush-${host.pid}`,
    destination: {
      type: 'AzureFunction',
      host: host.endpoint,
      functionName: 'onRegistryPush',
      key: host.keys.eventGrid,
    },
    deadLetter: { container: 'dead-letters' },
    filter: {
      includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed'],
      advancedFilters: [{ operatorType: 'IsNotNull', key: 'data.target.tag' }],
    },
  });
}

/** Looks until `found` gives something. `seen` says what there was instead. */
export async function until<T>(
  what: string,
  found: () => T | undefined | false,
  limit = 120_000,
  seen = () => '',
): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const value = found();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`Waited ${limit / 1000} s in vain for ${what}. ${seen()}`);
    await sleep(10);
  }
}

/** An ACR task in the team's registry that builds on `base`, and its first run, by which ACR learns of that. */
export async function createDependent(world: World, name: string, base: string, trigger: boolean): Promise<void> {
  const { azure, arm } = world;
  const { resourceGroup, location } = azure.scope;
  const context = join(azure.state, name);
  const { mkdir } = await import('node:fs/promises');
  await mkdir(context, { recursive: true });
  const buffer = azure.registry('contosobaseimages');
  await writeFile(join(context, 'Dockerfile'), `FROM ${buffer.loginServer}/${base}\nLABEL of=${name}\n`);
  await arm.tasks.beginCreateAndWait(resourceGroup, 'contosodev', name, {
    location,
    platform: { os: 'Linux', architecture: 'amd64' },
    step: { type: 'Docker', contextPath: context, dockerFilePath: 'Dockerfile', imageNames: [`${name}:latest`] },
    trigger: {
      baseImageTrigger: {
        name: 'base',
        baseImageTriggerType: 'Runtime',
        status: trigger ? 'Enabled' : 'Disabled',
      },
    },
  });
  const { id = '' } = await arm.tasks.get(resourceGroup, 'contosodev', name);
  const request = { type: 'TaskRunRequest', taskId: id } as const;
  const run = await arm.registries.beginScheduleRunAndWait(resourceGroup, 'contosodev', request);
  await until(
    `the first run of ${name}`,
    () => azure.arm.view.runs().find(({ runId }) => runId === run.runId)?.status === 'Succeeded',
  );
}
