import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultOptions, LocalEvents } from '../../../local/events/index.ts';
import { push, startTestEvents, startWebhook, until, type Webhook } from './fixture.ts';

let events: LocalEvents;
let webhook: Webhook;
beforeEach(async () => {
  [events, webhook] = await Promise.all([startTestEvents(), startWebhook()]);
  await events.subscribe({ name: 'hook', destination: { type: 'WebHook', url: webhook.url } });
});
afterEach(async () => {
  await events.close();
  await webhook.close();
});

async function publishInOrder(...tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    events.publish(push('r', tag));
    // Deliveries are parallel; waiting for each keeps what is not reordered in order.
    await events.idle();
  }
}

test('drop takes the next events away, says so in the log, and is then used up', async () => {
  const fault = events.faults.add({ kind: 'drop', times: 2 });
  await publishInOrder('1', '2', '3');
  expect(webhook.subjects()).toEqual(['r:3']);
  expect(events.deliveries().map(({ state }) => state)).toEqual([
    'delivered',
    'dropped by a fault',
    'dropped by a fault',
  ]);
  expect(events.faults.list()).toEqual([expect.objectContaining({ id: fault.id, hits: 2 })]);
});

test('a fault hits only what it matches', async () => {
  events.faults.add({ kind: 'drop', match: { repository: 'r', tag: '2' } });
  await publishInOrder('1', '2', '3');
  expect(webhook.subjects()).toEqual(['r:1', 'r:3']);
});

test('in this process a fault can have a test of its own', async () => {
  events.faults.add({ kind: 'drop' }, (event) => event.data.target.tag !== '2');
  await publishInOrder('1', '2', '3');
  expect(webhook.subjects()).toEqual(['r:2']);
});

test('duplicate delivers the same event, with the same id, once more for each copy', async () => {
  events.faults.add({ kind: 'duplicate', copies: 2, times: 1 });
  await publishInOrder('1');
  expect(webhook.subjects()).toEqual(['r:1', 'r:1', 'r:1']);
  expect(new Set(webhook.events().map(({ id }) => id)).size).toBe(1);
});

test('delay lets later events overtake', async () => {
  events.faults.add({ kind: 'delay', milliseconds: 300, times: 1 });
  await publishInOrder('1', '2');
  expect(webhook.subjects()).toEqual(['r:2']);
  await until(() => expect(webhook.subjects()).toEqual(['r:2', 'r:1']));
});

test('reorder holds events back until there are enough, then delivers the last one first', async () => {
  events.faults.add({ kind: 'reorder', window: 3 });
  await publishInOrder('1', '2');
  expect(webhook.subjects()).toEqual([]);
  await publishInOrder('3');
  expect(webhook.subjects()).toEqual(['r:3', 'r:2', 'r:1']);
});

test('what a fault holds back is let go when its time is over, and when it is removed', async () => {
  events.faults.add({ kind: 'reorder', milliseconds: 50, match: { tag: 'timed' } });
  const endless = events.faults.add({ kind: 'reorder', milliseconds: 3_600_000, match: { tag: 'held' } });
  await publishInOrder('timed', 'held');
  await until(() => expect(webhook.subjects()).toEqual(['r:timed']));
  expect(events.faults.remove(endless.id)).toBe(true);
  await until(() => expect(webhook.subjects()).toEqual(['r:timed', 'r:held']));
});

describe('the control endpoint', () => {
  const call = async (method: string, path: string, body?: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${events.control}${path}`, { method, ...(body === undefined ? {} : { body: text }) });
    const answer = await response.text();
    return { status: response.status, body: answer === '' ? undefined : JSON.parse(answer) };
  };

  test('switches faults for other processes', async () => {
    const fault: FaultOptions = { kind: 'drop', match: { tag: '1' } };
    const added = await call('POST', '/faults', fault);
    expect(added).toMatchObject({ status: 201, body: { kind: 'drop', hits: 0 } });
    await publishInOrder('1');
    expect((await call('GET', '/faults')).body).toMatchObject([{ hits: 1 }]);
    expect((await call('DELETE', `/faults/${added.body.id}`)).status).toBe(204);
    expect((await call('DELETE', `/faults/${added.body.id}`)).status).toBe(404);
    await publishInOrder('1');
    expect(webhook.subjects()).toEqual(['r:1']);
  });

  test('makes, lists and removes subscriptions, and never shows a key', async () => {
    const destination = { type: 'WebHook', url: `${webhook.url}?code=secret` };
    expect((await call('PUT', '/subscriptions/other', { destination })).status).toBe(201);
    const listed = await call('GET', '/subscriptions');
    expect(listed.body.map(({ name }: { name: string }) => name)).toEqual(['hook', 'other']);
    expect(JSON.stringify(listed.body)).not.toContain('secret');
    expect((await call('DELETE', '/subscriptions/other')).status).toBe(204);
    expect((await call('DELETE', '/subscriptions/other')).status).toBe(404);
  });

  test('changes settings and publishes', async () => {
    expect((await call('PATCH', '/settings', { importEvents: false })).body).toEqual({
      importEvents: false,
      timeScale: 0.001,
    });
    const published = await call('POST', '/events', {
      registry: 'contosodev',
      repository: 'forged',
      tag: '1',
      digest: 'sha256:0',
    });
    expect(published.status).toBe(202);
    await events.idle();
    expect(webhook.subjects()).toEqual(['forged:1']);
    expect((await call('GET', '/deliveries?count=1')).body).toMatchObject([
      { state: 'delivered', subscription: 'hook' },
    ]);
  });

  test.each([
    ['POST', '/faults', '{', 400],
    ['POST', '/faults', { kind: 'explode' }, 400],
    ['POST', '/faults', { kind: 'delay' }, 400],
    ['POST', '/faults', 'x'.repeat(1_100_000), 400],
    ['PUT', '/subscriptions/new', { destination: { type: 'WebHook', url: 'no url' } }, 400],
    ['PUT', '/subscriptions/new', [], 400],
    ['PATCH', '/settings', { timeScale: 0 }, 400],
    ['PATCH', '/settings', { unknown: 1 }, 400],
    ['GET', '/deliveries?count=many', undefined, 400],
    ['POST', '/events', { registry: 'nowhere', repository: 'r', digest: 'd' }, 404],
    ['GET', '/validate?id=none', undefined, 404],
    ['GET', '/nothing', undefined, 404],
    ['GET', '/constructor', undefined, 404],
    ['POST', '/../../etc', undefined, 404],
  ])('%s %s with %j answers %i and a reason', async (method, path, body, status) => {
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toEqual(expect.any(String));
  });
});
