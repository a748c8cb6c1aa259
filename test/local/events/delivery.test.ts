import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { trustedCertificate } from '../../../local/certificate.ts';
import type { LocalEvents } from '../../../local/events/index.ts';
import { type LocalStorage, startStorage } from '../../../local/storage/index.ts';
import { push, resourceId, startTestEvents, startWebhook, until, type Webhook } from './fixture.ts';

let folder: string;
let storage: LocalStorage;
let events: LocalEvents;
let webhook: Webhook;

beforeAll(async () => {
  const certificate = await trustedCertificate();
  if (!certificate) throw new Error('NODE_EXTRA_CA_CERTS names no certificate of ours: run this under vitest.');
  folder = await mkdtemp(join(tmpdir(), 'sluice-events-'));
  storage = await startStorage({ certificate, folder, memory: true });
});
afterAll(async () => {
  await storage?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  [events, webhook] = await Promise.all([
    startTestEvents({ connectionString: storage.connectionString }),
    startWebhook(),
  ]);
});
afterEach(async () => {
  await events.close();
  await webhook.close();
});

const hook = () => ({ type: 'WebHook' as const, url: webhook.url });

async function deadLetters(container: string): Promise<{ path: string; events: Record<string, unknown>[] }[]> {
  const client = BlobServiceClient.fromConnectionString(storage.connectionString).getContainerClient(container);
  const found: { path: string; events: Record<string, unknown>[] }[] = [];
  for await (const { name } of client.listBlobsFlat()) {
    found.push({ path: name, events: JSON.parse((await client.getBlobClient(name).downloadToBuffer()).toString()) });
  }
  return found;
}

test('an event comes alone in an array, with the headers of Event Grid', async () => {
  await events.subscribe({ name: 'plain', destination: { ...hook(), headers: { 'x-own': 'yes' } } });
  events.publish(push('staging/node', '20'));
  await events.idle();
  const delivery = webhook.received[1];
  expect(delivery?.headers).toMatchObject({
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': 'PLAIN',
    'aeg-delivery-count': '0',
    'aeg-metadata-version': '1',
    'content-type': 'application/json; charset=utf-8',
    'x-own': 'yes',
  });
  expect(JSON.parse(delivery?.body ?? '')).toEqual([
    expect.objectContaining({ subject: 'staging/node:20', topic: resourceId('contosobaseimages') }),
  ]);
});

test('a CloudEvent comes alone, and not in an array', async () => {
  await events.subscribe({ name: 'cloud', destination: hook(), eventDeliverySchema: 'CloudEventSchemaV1_0' });
  events.publish(push('staging/node', '20'));
  await events.idle();
  expect(webhook.received.map(({ method }) => method)).toEqual(['OPTIONS', 'POST']);
  expect(webhook.received[1]?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(JSON.parse(webhook.received[1]?.body ?? '')).toMatchObject({ specversion: '1.0', subject: 'staging/node:20' });
});

describe('the handshake', () => {
  test('asks for the code to be echoed before anything is delivered', async () => {
    const info = await events.subscribe({ name: 'echo', destination: hook() });
    expect(info.provisioningState).toBe('Succeeded');
    const [validation] = JSON.parse(webhook.received[0]?.body ?? '');
    expect(validation).toMatchObject({
      eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
      topic: resourceId('contosobaseimages'),
      data: { validationCode: expect.any(String), validationUrl: expect.stringContaining(events.control) },
    });
  });

  test.each(['EventGridSchema', 'CloudEventSchemaV1_0'] as const)(
    'an endpoint that does not echo gets nothing until it opens the URL (%s)',
    async (eventDeliverySchema) => {
      webhook.agrees = false;
      const info = await events.subscribe({ name: 'manual', destination: hook(), eventDeliverySchema });
      expect(info.provisioningState).toBe('AwaitingManualAction');
      events.publish(push('too', 'early'));
      const [handshake] = webhook.received;
      const body = handshake?.body ?? '';
      const url =
        body === '' ? String(handshake?.headers['webhook-request-callback']) : JSON.parse(body)[0].data.validationUrl;
      expect((await fetch(url)).status).toBe(200);
      expect((await fetch(url)).status).toBe(404);
      events.publish(push('in', 'time'));
      await events.idle();
      expect(webhook.subjects()).toEqual(['in:time']);
    },
  );

  test('an endpoint that is not there is refused with the reason', async () => {
    const gone = await startWebhook();
    await gone.close();
    const attempt = events.subscribe({ name: 'gone', destination: { type: 'WebHook', url: gone.url } });
    await expect(attempt).rejects.toThrow(
      /Webhook validation handshake failed for http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    );
    expect(events.subscriptions()).toEqual([]);
  });
});

test('a failing delivery comes again, the same event with a higher count, until it succeeds', async () => {
  webhook.answers = [500, 503, 302, 200];
  await events.subscribe({ name: 'again', destination: hook() });
  events.publish(push('staging/node', '20'));
  await events.idle();
  const deliveries = webhook.received.slice(1);
  expect(deliveries.map(({ headers }) => headers['aeg-delivery-count'])).toEqual(['0', '1', '2', '3']);
  expect(new Set(webhook.events().map(({ id }) => id)).size).toBe(1);
  expect(events.deliveries()[0]).toMatchObject({
    state: 'delivered',
    attempts: [{ status: 500 }, { status: 503, outcome: 'ServiceUnavailable' }, { status: 302 }, { status: 200 }],
  });
});

test.each([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [413, 'RequestEntityTooLarge'],
])('an endpoint that answers %i leaves the event in the dead-letter container, at once', async (status, outcome) => {
  webhook.answers = [status];
  const container = `dead-${status}`;
  await events.subscribe({ name: 'My-Hook', destination: hook(), deadLetter: { container } });
  events.configure({ timeScale: 1 });
  events.publish(push('staging/node', '20'));
  await events.idle();
  expect(webhook.subjects()).toHaveLength(1);
  const [letter] = await deadLetters(container);
  const now = new Date();
  const hour = `${now.getUTCFullYear()}/${now.getUTCMonth() + 1}/${now.getUTCDate()}`;
  expect(letter?.path).toMatch(new RegExp(`^MY-HOOK/${hour}/\\d+/[0-9a-f-]{36}\\.json$`));
  expect(letter?.events).toEqual([
    expect.objectContaining({
      subject: 'staging/node:20',
      deadLetterReason: `UndeliverableDueToHttp${outcome}`,
      deliveryAttempts: 1,
      lastDeliveryOutcome: outcome,
      lastHttpStatusCode: status,
      publishTime: expect.any(String),
      lastDeliveryAttemptTime: expect.any(String),
    }),
  ]);
  expect(events.deliveries()[0]).toMatchObject({ state: 'dead-lettered', deadLetter: `${container}/${letter?.path}` });
});

test('an event whose attempts are used up is dead-lettered, as a CloudEvent with lower-case attributes', async () => {
  webhook.answers = [500];
  await events.subscribe({
    name: 'limited',
    destination: hook(),
    eventDeliverySchema: 'CloudEventSchemaV1_0',
    retryPolicy: { maxDeliveryAttempts: 3 },
    deadLetter: { container: 'exhausted' },
  });
  events.publish(push('staging/node', '20'));
  await events.idle();
  const [letter] = await deadLetters('exhausted');
  expect(letter?.events[0]).toMatchObject({
    specversion: '1.0',
    deadletterreason: 'MaxDeliveryAttemptsExceeded',
    deliveryattempts: 3,
    lastdeliveryoutcome: 'InternalServerError',
  });
});

test('without a container the event is lost, and the log says so', async () => {
  webhook.answers = [400];
  await events.subscribe({ name: 'careless', destination: hook() });
  events.publish(push('staging/node', '20'));
  await events.idle();
  expect(events.deliveries()[0]).toMatchObject({ state: 'lost', reason: 'UndeliverableDueToHttpBadRequest' });
});

test('an endpoint that never answers counts as timed out, and is tried again', async () => {
  const hanging = await startTestEvents({ timeout: 200 });
  try {
    await hanging.subscribe({ name: 'hangs', destination: hook(), retryPolicy: { maxDeliveryAttempts: 2 } });
    webhook.hangs = true;
    hanging.publish(push('staging/node', '20'));
    await hanging.idle();
    expect(hanging.deliveries()[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['TimedOut', 'TimedOut']);
  } finally {
    await hanging.close();
  }
});

test('an endpoint that was restarted gets the event, though its connection was kept', async () => {
  await events.subscribe({ name: 'restarted', destination: hook() });
  events.publish(push('staging/node', '20'));
  await events.idle();
  webhook.dropIdleConnections();
  events.publish(push('staging/node', '21'));
  await events.idle();
  expect(events.deliveries()[0]?.attempts.map(({ status }) => status)).toEqual([200]);
});

test('a subscription gets what its filter and its registries let through', async () => {
  await events.subscribe({
    name: 'filtered',
    registries: ['contosobaseimages'],
    destination: hook(),
    filter: {
      includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed'],
      advancedFilters: [
        { operatorType: 'StringBeginsWith', key: 'data.target.repository', values: ['staging/'] },
        { operatorType: 'IsNotNull', key: 'data.target.tag' },
      ],
    },
  });
  events.publish(push('staging/node', '20'));
  events.publish(push('staging/node', undefined));
  events.publish(push('base-images/node', '20'));
  events.publish(push('staging/node', '21', { registry: 'contosodev' }));
  events.publish(push('staging/node', undefined, { action: 'delete' }));
  await events.idle();
  expect(webhook.subjects()).toEqual(['staging/node:20']);
});

test('whether imports raise events can be switched', async () => {
  await events.subscribe({ name: 'imports', destination: hook() });
  events.publish(push('by', 'import', { byImport: true }));
  events.configure({ importEvents: false });
  events.publish(push('by', 'silent-import', { byImport: true }));
  events.publish(push('by', 'push'));
  await events.idle();
  expect(webhook.subjects().sort()).toEqual(['by:import', 'by:push']);
});

test('an event that waits for its next attempt is not delivered to a subscription that was removed', async () => {
  webhook.answers = [500, 200];
  await events.subscribe({ name: 'removed', destination: hook() });
  events.configure({ timeScale: 0.02 });
  events.publish(push('staging/node', '20'));
  await until(() => expect(events.deliveries()[0]?.state).toBe('retrying'));
  expect(events.unsubscribe('removed')).toBe(true);
  await events.idle();
  expect(webhook.subjects()).toHaveLength(1);
  expect(events.deliveries()[0]).toMatchObject({ state: 'lost', reason: 'the subscription was removed' });
});

test.each([
  [{ name: 'x' }, /name/],
  [{ destination: { type: 'WebHook' as const, url: 'ftp://host' } }, /url/i],
  [{ registries: ['nowhere'] }, /there is no registry 'nowhere', only contosobaseimages, contosodev/],
  [{ retryPolicy: { maxDeliveryAttempts: 31 } }, /maxDeliveryAttempts/],
  [{ deadLetter: { container: 'No' } }, /container/],
])('refuses a subscription with %j', async (change, message) => {
  await expect(events.subscribe({ name: 'valid', destination: hook(), ...change })).rejects.toThrow(message);
});
