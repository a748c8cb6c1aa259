import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { DefaultAzureCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureCertificate, trustedCertificate } from '../../local/certificate.ts';
import { type LocalIdentity, startIdentity } from '../../local/identity/index.ts';
import { type LocalStorage, startStorage } from '../../local/storage/index.ts';

const scope = {
  subscription: '00000000-0000-0000-0000-000000000001',
  resourceGroup: 'sluice',
  tenant: '00000000-0000-0000-0000-0000000000aa',
  location: 'westeurope',
};
const credential = new DefaultAzureCredential();
let folder: string;
let identity: LocalIdentity;
let storage: LocalStorage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-storage-'));
  identity = await startIdentity({ scope });
  process.env.IDENTITY_ENDPOINT = identity.endpoint;
  process.env.IDENTITY_HEADER = identity.header;
  storage = await start({ memory: true });
});
afterAll(async () => {
  await Promise.all([storage?.close(), identity?.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function start(options: { memory: boolean }) {
  const certificate = (await trustedCertificate()) ?? (await ensureCertificate(join(folder, 'tls')));
  return startStorage({ certificate, folder: join(folder, 'data'), ...options });
}

test('tables, queues and blobs are read and written by identity, over TLS', async () => {
  const table = new TableClient(storage.table, 'runs', credential);
  await table.createTable();
  await table.createEntity({ partitionKey: 'p', rowKey: 'r', digest: 'sha256:1' });
  expect(await table.getEntity('p', 'r')).toMatchObject({ digest: 'sha256:1' });

  const queue = new QueueServiceClient(storage.queue, credential).getQueueClient('advance');
  await queue.create();
  await queue.sendMessage('hello');
  const { receivedMessageItems } = await queue.receiveMessages();
  expect(receivedMessageItems.map((item) => item.messageText)).toEqual(['hello']);

  const container = new BlobServiceClient(storage.blob, credential).getContainerClient('logs');
  await container.create();
  const blob = container.getAppendBlobClient('run.log');
  await blob.create();
  await blob.appendBlock('built', 5);
  expect((await blob.downloadToBuffer()).toString()).toBe('built');
});

test('a token for another audience is refused', async () => {
  const token = await identity.issue('https://management.azure.com');
  const stranger = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const queues = new QueueServiceClient(storage.queue, stranger);
  await expect(queues.getQueueClient('any').create()).rejects.toMatchObject({ statusCode: 403 });
});

test('the connection string opens all three', async () => {
  const queues = QueueServiceClient.fromConnectionString(storage.connectionString);
  await queues.getQueueClient('by-key').create();
  const blobs = BlobServiceClient.fromConnectionString(storage.connectionString);
  await blobs.getContainerClient('by-key').create();
  await TableClient.fromConnectionString(storage.connectionString, 'bykey').createTable();
});

test('what is stored on disk is there again after a restart', async () => {
  const first = await start({ memory: false });
  await new TableClient(first.table, 'kept', credential).createTable();
  await new TableClient(first.table, 'kept', credential).createEntity({ partitionKey: 'p', rowKey: 'r' });
  await first.close();
  const second = await start({ memory: false });
  try {
    expect(await new TableClient(second.table, 'kept', credential).getEntity('p', 'r')).toMatchObject({ rowKey: 'r' });
  } finally {
    await second.close();
  }
});

test('a port that is taken is named in the error', async () => {
  const certificate = await trustedCertificate();
  if (!certificate) throw new Error('the test has no certificate');
  const port = Number(new URL(storage.table).port);
  const second = startStorage({ certificate, folder: join(folder, 'second'), memory: true, ports: { table: port } });
  await expect(second).rejects.toThrow(new RegExp(`Starting storage failed.*EADDRINUSE.*${port}`));
});
