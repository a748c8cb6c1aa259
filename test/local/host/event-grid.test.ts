import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHostFixture, type HostFixture, type RunningApp } from './fixture.ts';

let fixture: HostFixture;
let app: RunningApp;
beforeAll(async () => {
  fixture = await createHostFixture();
  app = await fixture.start();
});
afterAll(() => fixture?.close());

const post = (type: string, body: unknown, url = app.eventGridUrl('onEvent')) =>
  fetch(url, {
    method: 'POST',
    headers: { 'aeg-event-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const event = (subject: string) => ({
  id: subject,
  subject,
  eventType: 'x',
  eventTime: '2026-01-01T00:00:00Z',
  data: { tag: 'v1' },
  dataVersion: '1.0',
});

test('echoes the code of a subscription validation', async () => {
  const response = await post('SubscriptionValidation', [{ ...event(''), data: { validationCode: 'CODE-1' } }]);
  expect([response.status, await response.json()]).toEqual([200, { validationResponse: 'CODE-1' }]);
});

test('calls the function once an event, and answers 202', async () => {
  const response = await post('Notification', [event('first'), event('second')]);
  expect(response.status).toBe(202);
  const seen = (await app.seen('onEvent')).filter(({ metadata }) => metadata);
  expect(seen.map(({ input }) => (input as { subject: string }).subject).sort()).toEqual(['first', 'second']);
  expect(seen[0]?.metadata).toEqual({ data: { tag: 'v1' } });
});

test('answers 500 when one of several events fails, so that all come again', async () => {
  const batch = [event('good'), event('always-fails')];
  expect((await post('Notification', batch)).status).toBe(500);
  expect((await app.seen('onEvent')).map(({ input }) => input)).toContainEqual(batch[0]);
});

test('takes a CloudEvent that comes alone', async () => {
  expect((await post('Notification', { id: 'c', specversion: '1.0', subject: 'cloud' })).status).toBe(202);
});

test('agrees to the origin that asks for CloudEvents', async () => {
  const response = await fetch(app.eventGridUrl('onEvent'), {
    method: 'OPTIONS',
    headers: { 'WebHook-Request-Origin': 'eventgrid.azure.net' },
  });
  expect([response.status, response.headers.get('webhook-allowed-origin')]).toEqual([200, 'eventgrid.azure.net']);
});

test.each([
  ['an unsubscription', 'Unsubscribe', [], 202],
  ['an unknown kind', 'Other', [], 400],
  ['malformed JSON', 'Notification', '{', 400],
  ['events that are no objects', 'Notification', [1], 400],
  ['a validation without a code', 'SubscriptionValidation', [{}], 400],
])('answers %s', async (_, type, body, status) => {
  expect((await post(type, body)).status).toBe(status);
});

test('refuses a wrong key and an unknown function', async () => {
  const url = new URL(app.eventGridUrl('onEvent'));
  url.searchParams.set('code', app.keys.host);
  expect((await post('Notification', [], url.href)).status).toBe(401);
  expect((await post('Notification', [], app.eventGridUrl('seen'))).status).toBe(404);
});
