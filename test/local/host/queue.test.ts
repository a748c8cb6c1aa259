import { BlobServiceClient } from '@azure/storage-blob';
import type { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollDelay, queueTiming, startQueueListener } from '../../../local/host/queue/listener.ts';
import { decodeMessage } from '../../../local/host/queue/message.ts';
import { createHostFixture, type HostFixture, until } from './fixture.ts';

let fixture: HostFixture;
beforeAll(async () => {
  fixture = await createHostFixture();
});
afterAll(() => fixture?.close());

const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');

async function createQueue(name: string): Promise<QueueClient> {
  const queue = fixture.queues.getQueueClient(name);
  await queue.createIfNotExists();
  return queue;
}

const lengthOf = async (queue: QueueClient) => (await queue.getProperties()).approximateMessagesCount;
const textsIn = async (queue: QueueClient) =>
  (await queue.peekMessages({ numberOfMessages: 32 })).peekedMessageItems.map((item) => item.messageText);

test('calls the function with the message parsed, tells what the queue knows of it, and deletes it', async () => {
  const queue = await createQueue('parsed');
  const app = await fixture.start({ settings: { ORDERS_QUEUE: 'parsed' } });
  const { messageId } = await queue.sendMessage(base64({ Number: 7, name: 'x' }));
  await queue.sendMessage(base64('not { json'));
  await until(async () => expect(await app.seen('orders')).toHaveLength(2));
  const seen = await app.seen('orders');
  expect(seen.map(({ input }) => input)).toEqual(expect.arrayContaining([{ Number: 7, name: 'x' }, 'not { json']));
  expect(seen.find(({ input }) => typeof input === 'object')?.metadata).toMatchObject({
    id: messageId,
    dequeueCount: 1,
    queueTrigger: { number: 7, name: 'x' },
    name: 'x',
    popReceipt: expect.any(String),
    insertionTime: expect.stringMatching(/^\d{4}-.*\+00:00$/),
    expirationTime: expect.any(String),
    nextVisibleTime: expect.any(String),
  });
  await until(async () => expect(await lengthOf(queue)).toBe(0));
});

test('a message whose function keeps failing is tried five times, then moved to the poison queue', async () => {
  const queue = await createQueue('failing');
  const app = await fixture.start({ settings: { ORDERS_QUEUE: 'failing' } });
  const text = base64({ fail: true });
  await queue.sendMessage(text);
  const poison = fixture.queues.getQueueClient('failing-poison');
  await until(async () => expect(await textsIn(poison)).toEqual([text]));
  const seen = await app.seen('orders');
  expect(seen.map(({ metadata }) => metadata?.dequeueCount)).toEqual([1, 2, 3, 4, 5]);
  expect(await lengthOf(queue)).toBe(0);
  expect(app.lines.join('\n')).toContain(
    "Message has reached MaxDequeueCount of 5. Moving message to queue 'failing-poison'.",
  );
});

test('a message that is not base64 goes to the poison queue without a call', async () => {
  const queue = await createQueue('undecodable');
  const app = await fixture.start({ settings: { ORDERS_QUEUE: 'undecodable' } });
  await queue.sendMessage('{"plain":true}');
  await until(async () =>
    expect(await textsIn(fixture.queues.getQueueClient('undecodable-poison'))).toEqual(['{"plain":true}']),
  );
  expect(await app.seen('orders')).toEqual([]);
});

test('messageEncoding none in host.json takes the bytes as they are, in and out', async () => {
  const queue = await createQueue('plain');
  const copies = await createQueue('copies');
  await copies.clearMessages();
  const queues = { maxPollingInterval: '00:00:00.2', messageEncoding: 'none', maxDequeueCount: 1 };
  const app = await fixture.start({ settings: { ORDERS_QUEUE: 'plain' }, hostJson: { extensions: { queues } } });
  await queue.sendMessage('{"plain":true}');
  await until(async () => expect((await app.seen('orders')).map(({ input }) => input)).toEqual([{ plain: true }]));
  await app.call('/api/enqueue', { method: 'POST', body: '{"messages":["as is"]}' });
  expect(await textsIn(copies)).toEqual(['as is']);
});

test('an output binding creates its queue, writes one message an element, and nothing when the function throws', async () => {
  const copies = fixture.queues.getQueueClient('copies');
  await copies.deleteIfExists();
  const app = await fixture.start();
  expect((await app.call('/api/enqueue', { method: 'POST', body: '{"messages":["lost"],"fail":true}' })).status).toBe(
    500,
  );
  expect(await copies.exists()).toBe(false);
  expect((await app.call('/api/enqueue', { method: 'POST', body: '{"messages":["one",{"two":2}]}' })).status).toBe(202);
  expect((await textsIn(copies)).sort()).toEqual([base64('one'), base64({ two: 2 })].sort());
});

test('a queue that does not exist is reported once, and served as soon as it does', async () => {
  const app = await fixture.start({ settings: { ORDERS_QUEUE: 'later' } });
  await until(() => expect(app.lines.join('\n')).toContain("Queue 'later' does not exist."));
  const queue = await createQueue('later');
  await queue.sendMessage(base64('finally'));
  await until(async () => expect((await app.seen('orders')).map(({ input }) => input)).toEqual(['finally']));
  expect(app.lines.filter((line) => line.includes("Queue 'later' does not exist."))).toHaveLength(1);
});

test('an identity-based connection reads queues and keeps timers with a token of the managed identity', async () => {
  const queue = await createQueue('by-identity');
  const app = await fixture.start({
    settings: {
      ORDERS_QUEUE: 'by-identity',
      AzureFunctionsWebHost__hostid: 'id-host',
      AzureWebJobsStorage: '',
      AzureWebJobsStorage__queueServiceUri: fixture.storage.queue,
      AzureWebJobsStorage__blobServiceUri: fixture.storage.blob,
      AzureWebJobsStorage__credential: 'managedidentity',
      AzureWebJobsStorage__clientId: fixture.identity.principal.clientId,
      IDENTITY_ENDPOINT: fixture.identity.endpoint,
      IDENTITY_HEADER: fixture.identity.header,
    },
  });
  await queue.sendMessage(base64('with a token'));
  await until(async () => expect((await app.seen('orders')).map(({ input }) => input)).toEqual(['with a token']));
  const blobs = BlobServiceClient.fromConnectionString(fixture.storage.connectionString);
  const status = blobs
    .getContainerClient('azure-webjobs-hosts')
    .getBlobClient('timers/id-host/Host.Functions.yearly/status');
  await until(async () => expect(await status.exists()).toBe(true));
});

test('a killed host leaves its message to whoever comes after the invisibility', async () => {
  const queue = await createQueue('interrupted');
  const hanging = {
    'package.json': '{"main":"index.js"}',
    'host.json': '{"version":"2.0"}',
    'index.js': `const {app} = require(${JSON.stringify(`${process.cwd()}/node_modules/@azure/functions`)});
app.storageQueue('hang', { queueName: 'interrupted', connection: 'AzureWebJobsStorage', handler: (m, c) => { c.log('hanging'); return new Promise(() => {}); } });`,
  };
  const first = await fixture.start({ app: await fixture.write(hanging), messageInvisibility: 2 });
  await queue.sendMessage(base64('survivor'));
  await until(() => expect(first.lines.join('\n')).toContain('hanging'));
  await first.kill();
  const second = await fixture.start({ settings: { ORDERS_QUEUE: 'interrupted' } });
  await until(async () => {
    const seen = await second.seen('orders');
    expect(seen.map(({ input, metadata }) => [input, metadata?.dequeueCount])).toEqual([['survivor', 2]]);
  });
});

describe('the listener', () => {
  const options = {
    maxPollingInterval: 100,
    visibilityTimeout: 0,
    batchSize: 4,
    maxDequeueCount: 5,
    newBatchThreshold: 1,
    messageEncoding: 'none',
  } as const;
  const common = { options, random: () => 0.5, log: () => {} };

  test('keeps a message invisible for as long as the function runs', async () => {
    const queue = await createQueue('renewed');
    await queue.sendMessage('long');
    let calls = 0;
    let finish: (() => void) | undefined;
    const listener = startQueueListener({
      ...common,
      queue,
      poison: undefined,
      timing: { invisibility: 1, renewEvery: 300 },
      execute: async () => {
        calls++;
        await new Promise<void>((done) => {
          finish = done;
        });
        return { ok: true, returned: undefined };
      },
    });
    const started = Date.now();
    // Twice the invisibility: without renewal the message would have come again.
    await until(() => expect(Date.now() - started).toBeGreaterThan(2500));
    expect(calls).toBe(1);
    finish?.();
    await until(async () => expect(await lengthOf(queue)).toBe(0));
    await listener.stop();
    expect(calls).toBe(1);
  });

  test('fetches again only when no more than newBatchThreshold messages are being worked on', async () => {
    const queue = await createQueue('batches');
    for (let number = 0; number < 9; number++) await queue.sendMessage(String(number));
    const running = new Set<() => void>();
    let most = 0;
    let done = 0;
    const listener = startQueueListener({
      ...common,
      queue,
      poison: undefined,
      timing: queueTiming,
      execute: async () => {
        await new Promise<void>((end) => {
          running.add(end);
          most = Math.max(most, running.size);
        });
        done++;
        return { ok: true, returned: undefined };
      },
    });
    await until(() => expect(running.size).toBe(4));
    await until(() => {
      const [end] = running;
      if (end) running.delete(end);
      end?.();
      expect(done).toBe(9);
    });
    // Four fetched, and up to four more once one was left.
    expect(most).toBeLessThanOrEqual(options.batchSize + options.newBatchThreshold);
    await listener.stop();
  });

  test('a failing message of a poison queue is neither moved on nor tried again at once', async () => {
    const queue = await createQueue('old-poison');
    const tried: string[] = [];
    const listener = startQueueListener({
      ...common,
      queue,
      poison: undefined,
      timing: queueTiming,
      execute: async (_, body) => {
        tried.push(body);
        return { ok: false, error: new Error('no') };
      },
    });
    await queue.sendMessage('first');
    await until(() => expect(tried).toContain('first'));
    await queue.sendMessage('second');
    await until(() => expect(tried).toContain('second'));
    await listener.stop();
    expect(tried).toEqual(['first', 'second']);
    expect(await lengthOf(queue)).toBe(2);
    expect(await fixture.queues.getQueueClient('old-poison-poison').exists()).toBe(false);
  });

  test('a message that arrives while the host stops is given back at once', async () => {
    const queue = await createQueue('stopping');
    await queue.sendMessage('for the next one');
    let calls = 0;
    const listener = startQueueListener({
      ...common,
      queue,
      poison: undefined,
      timing: queueTiming,
      execute: async () => {
        calls++;
        return { ok: true, returned: undefined };
      },
    });
    await listener.stop();
    expect(calls).toBe(0);
    const { receivedMessageItems } = await queue.receiveMessages();
    expect(receivedMessageItems.map(({ messageText, dequeueCount }) => [messageText, dequeueCount])).toEqual([
      ['for the next one', 2],
    ]);
  });
});

test('empty polls wait 100 ms, then longer each time, up to maxPollingInterval', () => {
  const delays = [1, 2, 3, 4, 5, 6, 40].map((empty) => pollDelay(empty, 2000, () => 0.5));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
});

test.each([
  ['aGk=', 'hi'],
  ['', ''],
  ['hi', undefined],
  ['{"a":1}', undefined],
  ['/w==', undefined],
])('decodes %j as base64 to %j', (text, decoded) => {
  expect(decodeMessage(text, 'base64')).toBe(decoded);
});
