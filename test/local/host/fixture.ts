import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { vi } from 'vitest';
import { trustedCertificate } from '../../../local/certificate.ts';
import { type LocalHost, type StartHostOptions, startHost } from '../../../local/host/start.ts';
import { type LocalIdentity, startIdentity } from '../../../local/identity/index.ts';
import { type LocalStorage, startStorage } from '../../../local/storage/index.ts';
import { bundleApp } from './fixtures/bundle.ts';

export const scope = {
  subscription: '00000000-0000-0000-0000-000000000001',
  resourceGroup: 'sluice',
  tenant: '00000000-0000-0000-0000-0000000000aa',
  location: 'westeurope',
};

/** Waits for what a test expects; the time is only how long a failure takes. */
export const until = <T>(condition: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(condition, { timeout: 20_000, interval: 20 });

export interface Seen {
  readonly function: string;
  readonly input: unknown;
  readonly metadata?: Record<string, unknown>;
  readonly at: number;
}

export interface RunningApp extends LocalHost {
  readonly lines: string[];
  /** What the functions of that name have been called with. */
  seen(name: string): Promise<readonly Seen[]>;
  call(path: string, init?: RequestInit): Promise<Response>;
}

export interface HostFixture {
  readonly folder: string;
  readonly storage: LocalStorage;
  readonly identity: LocalIdentity;
  readonly queues: QueueServiceClient;
  /** The fixture app, with settings that make all of its functions work. Started hosts end with the fixture. */
  start(options?: AppOptions): Promise<RunningApp>;
  /** A folder with an app of these files. */
  write(files: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

export interface AppOptions extends Partial<StartHostOptions> {
  readonly hostJson?: object;
  readonly localSettings?: object;
}

export async function createHostFixture(): Promise<HostFixture> {
  const certificate = await trustedCertificate();
  if (!certificate) throw new Error('NODE_EXTRA_CA_CERTS names no certificate of ours: run this under vitest.');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-host-'));
  const [storage, identity] = await Promise.all([
    startStorage({ certificate, folder: join(folder, 'storage'), memory: true }),
    startIdentity({ scope }),
    bundleApp(join(folder, 'bundle')),
  ]);
  const running: LocalHost[] = [];
  let apps = 0;

  const write = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const app = join(folder, `app-${apps++}`);
    await mkdir(app, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(app, name, '..'), { recursive: true });
      await writeFile(join(app, name), text);
    }
    return app;
  };

  const start = async ({ hostJson, localSettings, ...options }: AppOptions = {}): Promise<RunningApp> => {
    const app =
      options.app ??
      (await write({
        'package.json': '{"main":"dist/*.js"}',
        'host.json': JSON.stringify({
          version: '2.0',
          extensions: { queues: { maxPollingInterval: '00:00:00.2' } },
          ...hostJson,
        }),
        ...(localSettings ? { 'local.settings.json': JSON.stringify(localSettings) } : {}),
      }));
    if (!options.app) await symlink(join(folder, 'bundle/dist'), join(app, 'dist'));
    const lines: string[] = [];
    const host = await startHost({
      ...options,
      app,
      onLine: (line) => lines.push(line),
      settings: {
        AzureWebJobsStorage: storage.connectionString,
        ORDERS_QUEUE: 'orders',
        YEARLY: '0 0 5 1 1 *',
        'AzureWebJobs.everySecond.Disabled': 'true',
        'AzureWebJobs.retried.Disabled': 'true',
        ...options.settings,
      },
    });
    running.push(host);
    const call = (path: string, init?: RequestInit) => fetch(`${host.endpoint}${path}`, init);
    const seen = async (name: string) =>
      ((await (await call('/api/seen')).json()) as Seen[]).filter((one) => one.function === name);
    return { ...host, lines, call, seen };
  };

  return {
    folder,
    storage,
    identity,
    queues: QueueServiceClient.fromConnectionString(storage.connectionString),
    start,
    write,
    close: async () => {
      await Promise.all(running.map((host) => host.kill()));
      await Promise.all([storage.close(), identity.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
