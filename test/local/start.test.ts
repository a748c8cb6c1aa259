import { access } from 'node:fs/promises';
import { ContainerRegistryClient } from '@azure/container-registry';
import { DefaultAzureCredential } from '@azure/identity';
import { QueueServiceClient } from '@azure/storage-queue';
import { expect, test } from 'vitest';
import { startLocalAzure } from '../../local/index.ts';

test('a test starts the parts it needs, uses them by identity, and nothing is left when it closes them', async () => {
  const azure = await startLocalAzure({ registries: ['contosobaseimages', 'contosodev'] });
  try {
    Object.assign(process.env, azure.environment);
    const credential = new DefaultAzureCredential();
    await new QueueServiceClient(azure.storage.queue, credential).getQueueClient('advance').create();
    const client = new ContainerRegistryClient(azure.registry('contosodev').endpoint, credential);
    expect(await client.listRepositoryNames().next()).toMatchObject({ done: true });
  } finally {
    await azure.close();
  }
  await expect(access(azure.state)).rejects.toThrow('ENOENT');
  await expect(fetch(azure.identity.endpoint)).rejects.toThrow();
  await expect(fetch(azure.registry('contosodev').backend)).rejects.toThrow();
});

test('asking for a part that was not started says so', async () => {
  const azure = await startLocalAzure({ registries: ['contosodev'], without: ['storage', 'events'] });
  try {
    expect(() => azure.storage).toThrow('startLocalAzure was not asked to start storage');
    expect(() => azure.registry('contosoprod')).toThrow('There are: contosodev');
  } finally {
    await azure.close();
  }
});

test('when one part cannot start, those that did are closed again', async () => {
  const first = await startLocalAzure({ registries: ['contosodev'], without: ['storage', 'events'] });
  try {
    const port = Number(first.registry('contosodev').loginServer.split(':')[1]);
    const second = startLocalAzure({
      registries: ['contosodev'],
      without: ['storage', 'events'],
      ports: { registries: { contosodev: port } },
    });
    await expect(second).rejects.toThrow(`Starting registry contosodev on port ${port} failed`);
  } finally {
    await first.close();
  }
});
