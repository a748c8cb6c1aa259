import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { CertificateFiles } from '../certificate.ts';
import type { Closeable } from '../contracts.ts';
import { startChild } from '../processes.ts';

/** One Azurite account over TLS. It takes bearer tokens for `https://storage.azure.com` and the well-known key. */
export interface LocalStorage extends Closeable {
  /** `https://127.0.0.1:PORT/devstoreaccount1`, without a final slash; so are the other two. */
  readonly blob: string;
  readonly queue: string;
  readonly table: string;
  readonly connectionString: string;
  readonly accountName: string;
  readonly accountKey: string;
}

export interface StorageOptions {
  readonly certificate: CertificateFiles;
  /** Where the data lies. */
  readonly folder: string;
  /** Keeps everything in memory instead. */
  readonly memory?: boolean;
  /** Absent ones are free ports. */
  readonly ports?: { readonly blob?: number; readonly queue?: number; readonly table?: number };
}

const accountName = 'devstoreaccount1';
/** Azurite's published key, the same everywhere: it protects nothing. */
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const ready = z.object({ blob: z.number(), queue: z.number(), table: z.number() });

export async function startStorage(options: StorageOptions): Promise<LocalStorage> {
  const { certificate, folder, memory = false, ports } = options;
  await mkdir(folder, { recursive: true });
  const settings = {
    folder,
    memory,
    cert: certificate.certFile,
    key: certificate.keyFile,
    ports: { blob: 0, queue: 0, table: 0, ...ports },
  };
  const script = fileURLToPath(new URL('azurite.mjs', import.meta.url));
  const child = startChild(process.execPath, [script, JSON.stringify(settings)], {
    part: 'storage',
    ipc: true,
    deathSignal: 'TERM',
    grace: 4000,
  });
  const bound = await new Promise<z.infer<typeof ready>>((resolve, reject) => {
    child.process.once('message', (message) => resolve(ready.parse(message)));
    void child.ended.then((how) => reject(new Error(`Starting storage failed: Azurite ${how}. ${child.lastWords()}`)));
  });
  child.watch();
  const endpoint = (port: number) => `https://127.0.0.1:${port}/${accountName}`;
  const [blob, queue, table] = [endpoint(bound.blob), endpoint(bound.queue), endpoint(bound.table)];
  return {
    blob,
    queue,
    table,
    accountName,
    accountKey,
    connectionString: [
      'DefaultEndpointsProtocol=https',
      `AccountName=${accountName}`,
      `AccountKey=${accountKey}`,
      `BlobEndpoint=${blob}`,
      `QueueEndpoint=${queue}`,
      `TableEndpoint=${table}`,
    ].join(';'),
    close: child.close,
  };
}
