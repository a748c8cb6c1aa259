import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalArm } from './arm/index.ts';
import type { CertificateFiles } from './certificate.ts';
import type { AzureScope, Closeable, LocalRegistry, TaskRunner } from './contracts.ts';
import type { LocalEvents } from './events/index.ts';
import type { LocalIdentity } from './identity/index.ts';
import type { LocalAzureOptions } from './options.ts';
import { startRegistry, type ViewedRegistry } from './registry/index.ts';
import { type LocalStorage, startStorage } from './storage/index.ts';

/** What every part is started with. */
export interface Base {
  readonly options: LocalAzureOptions;
  readonly scope: AzureScope;
  readonly state: string;
  readonly certificate: CertificateFiles;
  readonly identity: LocalIdentity;
  /** Remembers a part, to be closed with the rest. */
  started<T extends Closeable>(part: T): T;
}

export function isWanted({ without = [] }: LocalAzureOptions, part: 'storage' | 'arm' | 'events'): boolean {
  return !without.includes(part) && !(part === 'arm' && without.includes('storage'));
}

export async function openStorage({ options, certificate, state, started }: Base): Promise<LocalStorage> {
  const { blob = 0, queue = 0, table = 0 } = options.ports ?? {};
  const folder = join(state, 'storage');
  return started(await startStorage({ certificate, folder, memory: !options.durable, ports: { blob, queue, table } }));
}

export async function openRegistry(base: Base, name: string): Promise<ViewedRegistry> {
  const { options, scope, certificate, identity, state } = base;
  const folder = join(state, 'registries', name);
  const port = options.ports?.registries?.[name] ?? 0;
  const { authority } = identity;
  return base.started(await startRegistry({ name, scope, certificate, authority, folder, port }));
}

/** Started only where wanted, so loaded only then: ARM and its SDKs take a fifth of a second to import. */
export async function openArm(
  base: Base,
  storage: LocalStorage,
  registries: readonly LocalRegistry[],
): Promise<LocalArm> {
  const { scope, certificate, identity, options } = base;
  const [{ startArm }, runner] = await Promise.all([import('./arm/index.ts'), openRunner(base)]);
  const tokens = identity.authority;
  const port = options.ports?.arm ?? 0;
  // What is kept on disk is kept whole: registries, storage, and the tasks and runs that belong to them.
  const kept = options.durable ? { stateFile: join(base.state, 'arm.json') } : {};
  const armOptions = { ...kept, ...options.arm, port };
  return base.started(await startArm({ scope, certificate, tokens, registries, runner, storage, options: armOptions }));
}

/** Builds need root. Without it everything else works, and a run says in its log what it lacks. */
async function openRunner(base: Base): Promise<TaskRunner> {
  if (process.getuid?.() === 0) {
    const { startRunner } = await import('./runner/index.ts');
    return base.started(await startRunner({ stateDir: join(base.state, 'runner') }));
  }
  return {
    execute: async ({ log }) => {
      log.write('The local Azure was not started as root, so it cannot build or run containers.\r\n');
      await log.end();
      const runErrorMessage = 'failed during run, err: the local Azure was not started as root';
      return { status: 'Failed', runErrorMessage, outputImages: [], baseImageDependencies: [] };
    },
    close: async () => undefined,
  };
}

export async function openEvents(
  base: Base,
  storage: LocalStorage | undefined,
  registries: readonly LocalRegistry[],
  raisesEvents: () => boolean,
): Promise<LocalEvents> {
  const { scope, certificate, options } = base;
  const [{ startEvents }, ca] = await Promise.all([import('./events/index.ts'), readFile(certificate.caFile, 'utf8')]);
  return base.started(
    await startEvents({
      scope,
      ca,
      registries: registries.map(({ name, resourceId, onNotification }) => ({
        name,
        resourceId,
        onNotification: (listener) =>
          onNotification((notification) => {
            if (!notification.byImport || raisesEvents()) listener(notification);
          }),
      })),
      blobService: () => blobService(storage, ca),
      port: options.ports?.events ?? 0,
      settings: options.events ?? {},
    }),
  );
}

async function blobService(storage: LocalStorage | undefined, ca: string) {
  if (!storage) throw new Error('Dead letters need storage, and this local Azure was started without it.');
  const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob');
  const credential = new StorageSharedKeyCredential(storage.accountName, storage.accountKey);
  // The clients read it, their types do not say so; this process may have been started without NODE_EXTRA_CA_CERTS.
  return new BlobServiceClient(storage.blob, credential, { tlsOptions: { ca } } as object);
}

/** Promise.all that settles only when all have: a part that starts while another fails must not be lost. */
export async function allStarted<T extends readonly unknown[]>(
  parts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(parts);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(parts) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}
