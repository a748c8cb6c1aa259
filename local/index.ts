import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertificateFiles, ensureCertificate, trustedCertificate } from './certificate.ts';
import type { AzureScope, Closeable, LocalRegistry } from './contracts.ts';
import { type LocalIdentity, startIdentity } from './identity/index.ts';
import { startRegistry } from './registry/index.ts';
import { type LocalStorage, startStorage } from './storage/index.ts';

export interface LocalAzureOptions {
  /** Names of the registries to start. Default none. */
  readonly registries?: readonly string[];
  /** Parts a test can do without, to start sooner. */
  readonly without?: readonly 'storage'[];
  /** Where everything lies. Default a folder under the system's own for temporary files, removed at the end. */
  readonly state?: string;
  /** Writes tables, queues and blobs to `state`. Default false: they are in memory. */
  readonly durable?: boolean;
  /** Free ports where absent. Registries by their name. */
  readonly ports?: {
    readonly identity?: number;
    readonly blob?: number;
    readonly queue?: number;
    readonly table?: number;
    readonly registries?: Readonly<Record<string, number>>;
  };
  /** What parts serve TLS with. Default: what NODE_EXTRA_CA_CERTS names when it is ours, else a new one. */
  readonly certificate?: CertificateFiles;
  readonly now?: () => Date;
}

export interface LocalAzure extends Closeable {
  readonly scope: AzureScope;
  readonly state: string;
  readonly certificate: CertificateFiles;
  readonly identity: LocalIdentity;
  readonly storage: LocalStorage;
  readonly registries: ReadonlyMap<string, LocalRegistry>;
  /** One of `registries`, or an error that names those there are. */
  registry(name: string): LocalRegistry;
  /** What DefaultAzureCredential and TLS need in the environment of a client. */
  readonly environment: Readonly<Record<string, string>>;
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

type Started = <T extends Closeable>(part: T) => T;

async function startParts(
  options: LocalAzureOptions,
  started: Started,
  close: () => Promise<void>,
): Promise<LocalAzure> {
  const { ports = {}, now = () => new Date() } = options;
  const scope = localScope;
  const state = await stateFolder(options.state, started);
  const certificate =
    options.certificate ?? (await trustedCertificate()) ?? (await ensureCertificate(join(state, 'tls')));
  const identity = started(await startIdentity({ scope, port: ports.identity ?? 0, now }));
  const [storage, registries] = await allStarted([
    startStoragePart(options, certificate, state, started),
    allStarted(
      (options.registries ?? []).map(async (name) => {
        const folder = join(state, 'registries', name);
        const port = ports.registries?.[name] ?? 0;
        const { authority } = identity;
        return started(await startRegistry({ name, scope, certificate, authority, folder, port, now }));
      }),
    ),
  ] as const);
  const byName = new Map(registries.map((registry) => [registry.name, registry]));
  return {
    scope,
    state,
    certificate,
    identity,
    get storage() {
      return storage ?? missing('storage');
    },
    registries: byName,
    registry: (name) => byName.get(name) ?? missing(`the registry ${name}`, [...byName.keys()]),
    environment: {
      IDENTITY_ENDPOINT: identity.endpoint,
      IDENTITY_HEADER: identity.header,
      NODE_EXTRA_CA_CERTS: certificate.caFile,
    },
    close,
  };
}

async function startStoragePart(
  { without = [], durable = false, ports = {} }: LocalAzureOptions,
  certificate: CertificateFiles,
  state: string,
  started: Started,
): Promise<LocalStorage | undefined> {
  if (without.includes('storage')) return undefined;
  const { blob = 0, queue = 0, table = 0 } = ports;
  const options = { certificate, folder: join(state, 'storage'), memory: !durable, ports: { blob, queue, table } };
  return started(await startStorage(options));
}

async function stateFolder(given: string | undefined, started: Started): Promise<string> {
  if (given !== undefined) {
    await mkdir(given, { recursive: true });
    return given;
  }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-local-'));
  started({ close: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) });
  return folder;
}

/** Promise.all that settles only when all have: a part that starts while another fails must not be lost. */
async function allStarted<T extends readonly unknown[]>(
  parts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(parts);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(parts) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}

function missing(what: string, present: readonly string[] = []): never {
  const instead = present.length > 0 ? ` There are: ${present.join(', ')}.` : '';
  throw new Error(`startLocalAzure was not asked to start ${what}.${instead}`);
}
