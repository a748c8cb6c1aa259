import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerRegistryClient, ContainerRegistryContentClient } from '@azure/container-registry';
import { DefaultAzureCredential } from '@azure/identity';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type LocalAzure, startLocalAzure } from '../../../local/index.ts';
import { bundleApp } from '../host/fixtures/bundle.ts';
import { makeImage, makeIndex, pushImage, types } from '../registry-images.ts';
import { resourceId, startWebhook, until, type Webhook } from './fixture.ts';

let folder: string;
let azure: LocalAzure;
let webhook: Webhook;
let credential: DefaultAzureCredential;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-push-'));
  await bundleApp(join(folder, 'app'));
  azure = await startLocalAzure({
    registries: ['contosobaseimages'],
    without: ['arm'],
    events: { timeScale: 0.001 },
    functions: {
      app: join(folder, 'app'),
      settings: { ORDERS_QUEUE: 'orders', YEARLY: '0 0 5 1 1 *', 'AzureWebJobs.everySecond.Disabled': 'true' },
    },
  });
  Object.assign(process.env, azure.environment);
  credential = new DefaultAzureCredential();
  webhook = await startWebhook();
  await azure.events.subscribe({ name: 'webhook', destination: { type: 'WebHook', url: webhook.url } });
});
afterAll(async () => {
  await webhook?.close();
  await azure?.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  webhook.received.length = 0;
});

const content = (repository: string) =>
  new ContainerRegistryContentClient(azure.registry('contosobaseimages').endpoint, repository, credential);

async function seenByFunction(): Promise<{ subject: string; data: Record<string, unknown> }[]> {
  const seen = (await (await fetch(`${azure.functions.endpoint}/api/seen`)).json()) as {
    function: string;
    input: never;
  }[];
  return seen.filter((one) => one.function === 'onEvent').map(({ input }) => input);
}

test('a push into a registry reaches an Event Grid function and a webhook, with what was pushed', async () => {
  const digest = await pushImage(content('staging/node'), makeImage(), '20');
  await until(async () => expect((await seenByFunction()).map(({ subject }) => subject)).toContain('staging/node:20'));
  const event = (await seenByFunction()).find(({ subject }) => subject === 'staging/node:20');
  expect(event).toMatchObject({
    eventType: 'Microsoft.ContainerRegistry.ImagePushed',
    topic: azure.registry('contosobaseimages').resourceId,
    data: { action: 'push', target: { repository: 'staging/node', tag: '20', digest }, request: { method: 'PUT' } },
  });
  expect(event?.data.timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect(azure.registry('contosobaseimages').resourceId.replace(/subscriptions.*resourceGroups\/[^/]+/, '')).toContain(
    resourceId('contosobaseimages').replace(/subscriptions.*resourceGroups\/[^/]+/, ''),
  );
  await until(() => expect(webhook.subjects()).toEqual(['staging/node:20']));
});

test('the children of an index come without a tag, the index with it', async () => {
  const client = content('staging/multi');
  const images = ['amd64', 'arm64'].map((architecture) => ({ architecture, image: makeImage(architecture) }));
  for (const { image } of images) await pushImage(client, image);
  await client.setManifest(makeIndex(images).bytes, { tag: 'latest', mediaType: types.index });
  await until(() =>
    expect(webhook.subjects().sort()).toEqual(['staging/multi', 'staging/multi', 'staging/multi:latest']),
  );
});

test('deleting a manifest raises one ImageDeleted of the repository, deleting a tag nothing', async () => {
  const digest = await pushImage(content('staging/gone'), makeImage(), 'a');
  const client = new ContainerRegistryClient(azure.registry('contosobaseimages').endpoint, credential);
  await pushImage(content('staging/kept'), makeImage(), 'b');
  await until(() => expect(webhook.subjects()).toHaveLength(2));
  await client.getArtifact('staging/kept', 'b').deleteTag('b');
  await client.getArtifact('staging/gone', digest).delete();
  await until(() => expect(webhook.subjects()).toContain('staging/gone'));
  const deleted = webhook.events().filter(({ eventType }) => eventType === 'Microsoft.ContainerRegistry.ImageDeleted');
  expect(deleted).toEqual([
    expect.objectContaining({ subject: 'staging/gone', data: expect.objectContaining({ action: 'delete' }) }),
  ]);
});

test('a function that throws gets the same event again', async () => {
  azure.events.publish({
    registry: 'contosobaseimages',
    id: 'fails-once',
    timestamp: new Date().toISOString(),
    action: 'push',
    target: { repository: 'fails-once', digest: 'sha256:1' },
    byImport: false,
  });
  const again = async () => (await seenByFunction()).filter(({ subject }) => subject === 'fails-once');
  await until(async () => expect(await again()).toHaveLength(2));
  const [first, second] = await again();
  expect(second).toEqual(first);
  await azure.events.idle();
  const delivery = azure.events
    .deliveries()
    .find((one) => one.subscription === 'function-onEvent' && one.event.subject === 'fails-once');
  expect(delivery?.attempts.map(({ status }) => status)).toEqual([500, 202]);
});
