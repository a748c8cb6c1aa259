import { readFile } from 'node:fs/promises';
import { AzureNamedKeyCredential } from '@azure/data-tables';
import { StorageSharedKeyCredential } from '@azure/storage-queue';
import { ensureQueue, openQueue } from '../src/lib/azure/queue.ts';
import { ensureTables, openTables } from '../src/lib/azure/tables/client.ts';
import type { LocalStorage } from './storage/index.ts';

/** The tables and the queue that Sluice keeps its state in: on Azure the infrastructure makes them. */
export async function prepareState(storage: LocalStorage, caFile: string): Promise<void> {
  const { accountName, accountKey } = storage;
  // The clients read it, their types do not say so; this process may have been started without NODE_EXTRA_CA_CERTS.
  const client = { tlsOptions: { ca: await readFile(caFile, 'utf8') } } as object;
  const tables = { endpoint: storage.table, credential: new AzureNamedKeyCredential(accountName, accountKey), client };
  const queue = {
    endpoint: storage.queue,
    credential: new StorageSharedKeyCredential(accountName, accountKey),
    client,
  };
  await Promise.all([ensureTables(await openTables(tables)), ensureQueue(await openQueue(queue))]);
}
