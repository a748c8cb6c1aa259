import { join } from 'node:path';
import type { LocalArm } from './arm/index.ts';
import { type CertificateFiles, ensureCertificate, trustedCertificate } from './certificate.ts';
import type { AzureScope, Closeable } from './contracts.ts';
import type { LocalEvents } from './events/index.ts';
import type { LocalHost } from './host/start.ts';
import { type LocalIdentity, startIdentity } from './identity/index.ts';
import type { FunctionsOptions, LocalAzureOptions } from './options.ts';
import { type LocalPage, startPage } from './page/index.ts';
import { allStarted, type Base, isWanted, openArm, openEvents, openRegistry, openStorage } from './parts.ts';
import type { ViewedRegistry } from './registry/index.ts';
import { appSettings } from './settings.ts';
import { openStateFolder } from './state-folder.ts';
import type { LocalStorage } from './storage/index.ts';
import { type LocalSummary, summarise } from './summary.ts';

export type { FunctionsOptions, LocalAzureOptions, LocalPorts } from './options.ts';
export type { LocalSummary } from './summary.ts';

interface OptionalParts {
  readonly storage: LocalStorage;
  readonly arm: LocalArm;
  readonly events: LocalEvents;
  readonly functions: LocalHost;
  readonly page: LocalPage;
}

/** What somebody started beside it, who closes it too. */
export interface Beside {
  /** In place of a host of its own. */
  readonly functions?: LocalHost;
  /** What else its front page names, with addresses to open. */
  readonly rows?: readonly BesideRow[];
}

export interface BesideRow {
  readonly part: string;
  readonly address: string;
  readonly note: string;
}

/** A running local Azure. Reading a part that was not started throws, and says so. */
export interface LocalAzure extends Closeable, OptionalParts {
  readonly scope: AzureScope;
  readonly state: string;
  readonly certificate: CertificateFiles;
  readonly identity: LocalIdentity;
  /** In the order they were asked for. */
  readonly registries: ReadonlyMap<string, ViewedRegistry>;
  /** One of `registries`, or an error that names those there are. */
  registry(name: string): ViewedRegistry;
  has(part: keyof OptionalParts): boolean;
  /** What DefaultAzureCredential and TLS need in the environment of a client. */
  readonly environment: Readonly<Record<string, string>>;
  summary(): LocalSummary;
  /** From now on the summary and the front page show it. */
  show(beside: Beside): void;
  readonly beside: readonly BesideRow[];
}

export const localScope: AzureScope = {
  subscription: '6d1e3a52-7f0c-4a0b-9d55-2f7c2f1f0a10',
  resourceGroup: 'sluice-local',
  tenant: '1c5b8f0e-4f2d-4a6c-8f57-0f3c9f4b7a20',
  location: 'westeurope',
};

/** Starts the parts that are asked for, side by side; when one fails, those that did start are closed again. */
export async function startLocalAzure(options: LocalAzureOptions = {}): Promise<LocalAzure> {
  const open: Closeable[] = [];
  const started = <T extends Closeable>(part: T): T => {
    open.push(part);
    return part;
  };
  const close = async () => {
    for (const part of open.splice(0).reverse()) await part.close();
  };
  try {
    return await startParts(options, started, close);
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function startParts(options: LocalAzureOptions, started: Base['started'], close: () => Promise<void>) {
  const scope = localScope;
  const { path: state } = started(await openStateFolder(options.state));
  const certificate =
    options.certificate ?? (await trustedCertificate()) ?? (await ensureCertificate(join(state, 'tls')));
  const identity = started(await startIdentity({ scope, port: options.ports?.identity ?? 0 }));
  // Their modules take longest to load; that goes on while the registries and storage start.
  if (isWanted(options, 'arm')) void import('./arm/index.ts').catch(() => undefined);
  const base: Base = { options, scope, state, certificate, identity, started };
  const [storage, registries] = await allStarted([
    isWanted(options, 'storage') ? openStorage(base) : undefined,
    allStarted((options.registries ?? []).map((name) => openRegistry(base, name))),
  ] as const);
  const arm = storage && isWanted(options, 'arm') ? await openArm(base, storage, registries) : undefined;
  const events = isWanted(options, 'events')
    ? await openEvents(base, storage, registries, () => arm?.imports.raiseEvents ?? true)
    : undefined;
  const parts: Partial<OptionalParts> = {
    ...(storage ? { storage } : {}),
    ...(arm ? { arm } : {}),
    ...(events ? { events } : {}),
  };
  const azure = present(base, registries, parts, close);
  if (options.functions) Object.assign(parts, { functions: await openFunctions(base, azure) });
  if (options.page) Object.assign(parts, { page: started(await startPage(azure, options.ports?.page ?? 0)) });
  return azure;
}

/** The host reads `parts` through `azure`, and becomes one of them afterwards. */
async function openFunctions({ options, certificate, started }: Base, azure: LocalAzure): Promise<LocalHost> {
  const { app, settings, filter, ...rest } = options.functions ?? { app: '.' };
  const { startHost } = await import('./host/start.ts');
  const port = options.ports?.functions ?? 0;
  const all = { ...appSettings(azure), ...settings };
  if (azure.has('storage')) await (await import('./sluice-state.ts')).prepareState(azure.storage, certificate.caFile);
  const host = started(await startHost({ app, port, caFile: certificate.caFile, settings: all, ...rest }));
  if (azure.has('events')) await subscribeFunctions(azure.events, host, filter);
  return host;
}

/** Every Event Grid function hears of every registry, and what it cannot take is kept as on Azure. */
async function subscribeFunctions(
  events: LocalEvents,
  host: LocalHost,
  filter: FunctionsOptions['filter'],
): Promise<void> {
  for (const { name, trigger } of host.functions) {
    if (trigger !== 'eventGrid') continue;
    await events.subscribe({
      name: `function-${name}`,
      destination: { type: 'AzureFunction', host: host.endpoint, functionName: name, key: host.keys.eventGrid },
      deadLetter: { container: 'dead-letters' },
      ...(filter ? { filter } : {}),
    });
  }
}

function present(
  { scope, state, certificate, identity }: Base,
  registries: readonly ViewedRegistry[],
  parts: Partial<OptionalParts>,
  close: () => Promise<void>,
): LocalAzure {
  const byName = new Map(registries.map((registry) => [registry.name, registry]));
  const part = <K extends keyof OptionalParts>(name: K): OptionalParts[K] => {
    const found: OptionalParts[K] | undefined = parts[name];
    return found ?? notStarted(name);
  };
  const beside: BesideRow[] = [];
  const azure: LocalAzure = {
    scope,
    state,
    certificate,
    identity,
    registries: byName,
    registry: (name) => byName.get(name) ?? notStarted(`the registry ${name}`, [...byName.keys()]),
    has: (name) => parts[name] !== undefined,
    get storage() {
      return part('storage');
    },
    get arm() {
      return part('arm');
    },
    get events() {
      return part('events');
    },
    get functions() {
      return part('functions');
    },
    get page() {
      return part('page');
    },
    environment: {
      IDENTITY_ENDPOINT: identity.endpoint,
      IDENTITY_HEADER: identity.header,
      NODE_EXTRA_CA_CERTS: certificate.caFile,
    },
    summary: () => summarise(azure),
    show({ rows = [], functions }) {
      if (functions) Object.assign(parts, { functions });
      beside.push(...rows);
    },
    beside,
    close,
  };
  return azure;
}

function notStarted(what: string, others: readonly string[] = []): never {
  const instead = others.length > 0 ? ` There are: ${others.join(', ')}.` : '';
  throw new Error(`startLocalAzure was not asked to start ${what}.${instead}`);
}
