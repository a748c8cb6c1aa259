// A client of `npm run local`: `write` or `read`, and the line that --json printed.
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { ContainerRegistryClient, ContainerRegistryContentClient } from '@azure/container-registry';
import { TableClient } from '@azure/data-tables';
import { DefaultAzureCredential } from '@azure/identity';
import { QueueServiceClient } from '@azure/storage-queue';
import { makeImage, pushImage } from './registry-images.ts';

const [action, line = ''] = process.argv.slice(2);
const given = JSON.parse(line);
const credential = new DefaultAzureCredential();
const [{ endpoint, name }] = given.registries;
const queue = new QueueServiceClient(given.storage.queue, credential).getQueueClient('kept');
const table = new TableClient(given.storage.table, 'kept', credential);

if (action === 'write') {
  await pushImage(new ContainerRegistryContentClient(endpoint, 'kept', credential), makeImage(), '1');
  await queue.create();
  await table.createTable();
  const arm = new ContainerRegistryManagementClient(credential, given.subscription, { endpoint: given.arm });
  const registry = await arm.registries.get(given.resourceGroup, name);
  console.log(registry.name === name ? 'written' : 'another registry');
} else {
  const found: string[] = [];
  const artifact = new ContainerRegistryClient(endpoint, credential).getArtifact('kept', '1');
  const tag = await artifact.getTagProperties('1').catch(() => undefined);
  if (tag) found.push('tag');
  if (await queue.exists()) found.push('queue');
  const rows = await table
    .listEntities()
    .next()
    .catch(() => undefined);
  if (rows) found.push('table');
  console.log(found.join(' '));
}
