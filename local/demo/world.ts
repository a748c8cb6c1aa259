import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ContainerRegistryContentClient } from '@azure/container-registry';
import type { Closeable, LocalRegistry } from '../contracts.ts';
import { createKeys } from '../host/keys.ts';
import { type LocalHost, startHost } from '../host/start.ts';
import { type LocalAzure, type LocalAzureOptions, startLocalAzure } from '../index.ts';
import { BaseImages, type BaseKind } from '../runner/base-image.ts';
import { appSettings } from '../settings.ts';
import { prepareState } from '../sluice-state.ts';
import { type Clients, openClients } from './clients.ts';
import { freePort } from './container.ts';
import { digestOf } from './images.ts';
import { openSluice, type SluiceApi } from './sluice.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface WorldOptions {
  /** The text of sluice.yaml. */
  readonly catalog: string;
  /** App settings of Sluice, besides those of the local Azure. */
  readonly settings: Readonly<Record<string, string>>;
  readonly azure?: Pick<LocalAzureOptions, 'page' | 'events' | 'arm'>;
  /** Seconds until a killed host's messages are seen again. Default 600, as on Azure. */
  readonly messageInvisibility?: number;
  /** Each line that the functions host, or a function, writes. */
  readonly onLine?: (line: string) => void;
  /** Ends an image that is being made. */
  readonly signal?: AbortSignal;
}

/** A local Azure with two registries, and Sluice running on it. */
export interface World extends Closeable {
  readonly azure: LocalAzure;
  readonly buffer: LocalRegistry;
  readonly dev: LocalRegistry;
  readonly clients: Clients;
  readonly sluice: SluiceApi;
  /** A folder that goes with the world. */
  readonly folder: string;
  /** Starts Sluice; again, where it was killed: at the same address, with the same keys. */
  startSluice(): Promise<LocalHost>;
  /** As a machine that loses its power. */
  killSluice(): Promise<void>;
  /** An image made here, pushed into the buffer. The answer is its digest. */
  makeImage(kind: BaseKind, image: string, env?: Readonly<Record<string, string>>): Promise<string>;
  /** What the registry has there now. */
  digest(registry: LocalRegistry, repository: string, tag: string): Promise<string | undefined>;
  repository(registry: LocalRegistry, repository: string): ContainerRegistryContentClient;
}

/** Starts everything but Sluice itself. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const azure = await startLocalAzure({ registries: ['contosobaseimages', 'contosodev'], ...options.azure });
  try {
    return await furnish(azure, options);
  } catch (cause) {
    await azure.close();
    throw cause;
  }
}

async function furnish(azure: LocalAzure, options: WorldOptions): Promise<World> {
  const [buffer, dev] = [azure.registry('contosobaseimages'), azure.registry('contosodev')];
  const { caFile } = azure.certificate;
  const folder = join(azure.state, 'world');
  await mkdir(folder, { recursive: true });
  const catalogFile = join(folder, 'sluice.yaml');
  await writeFile(catalogFile, options.catalog);
  const [clients] = await Promise.all([openClients(azure), prepareState(azure.storage, caFile)]);
  const bases = new BaseImages(join(folder, 'bases'), caFile);
  const port = await freePort();
  const keys = createKeys();
  let host: LocalHost | undefined;

  async function startSluice(): Promise<LocalHost> {
    const { messageInvisibility, onLine } = options;
    const started = await startHost({
      app: root,
      port,
      keys,
      caFile,
      settings: { ...appSettings(azure), SLUICE_CATALOG: catalogFile, ...options.settings },
      ...(messageInvisibility === undefined ? {} : { messageInvisibility }),
      ...(onLine ? { onLine } : {}),
    });
    host = started;
    azure.show({ functions: started });
    if (started.errors.length > 0) throw new Error(`Functions were left out: ${JSON.stringify(started.errors)}`);
    await subscribe(azure, started);
    return started;
  }

  return {
    azure,
    buffer,
    dev,
    clients,
    folder,
    sluice: openSluice(`http://127.0.0.1:${port}`, keys.host),
    startSluice,
    async killSluice() {
      await host?.kill();
    },
    async makeImage(kind, image, env = {}) {
      const reference = `${buffer.loginServer}/${image}`;
      const { signal } = options;
      const made = await bases.make({ kind, reference, env, login: buffer.admin, ...(signal ? { signal } : {}) });
      return made.digest;
    },
    digest: (registry, repository, tag) => digestOf(registry, caFile, repository, tag),
    repository: (registry, repository) => clients.content(registry, repository),
    async close() {
      await host?.close();
      await azure.close();
    },
  };
}

/** With the filter that infra/ deploys: a push without a tag says nothing that Sluice asks for. */
async function subscribe(azure: LocalAzure, host: LocalHost): Promise<void> {
  const name = 'onRegistryPush';
  if (azure.events.subscriptions().some((subscription) => subscription.name === name)) return;
  await azure.events.subscribe({
    name,
    destination: { type: 'AzureFunction', host: host.endpoint, functionName: name, key: host.keys.eventGrid },
    deadLetter: { container: 'dead-letters' },
    filter: {
      includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed'],
      advancedFilters: [{ operatorType: 'IsNotNull', key: 'data.target.tag' }],
    },
  });
}

/** The bundle that runs on Azure. */
export async function buildSluice(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts', 'build.mjs')]);
}
