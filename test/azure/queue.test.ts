import { createRequire } from 'node:module';
import { type QueueClient, type QueueSendMessageResponse, StorageSharedKeyCredential } from '@azure/storage-queue';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeMessage, ensureQueue, openQueue, parseMessage, storageQueue } from '../../src/lib/azure/queue.ts';
import { parseTag } from '../../src/lib/image/names.ts';
import type { Message } from '../../src/lib/pipeline/message.ts';

const message: Message = { tracked: { image: 'node', tag: parseTag('9-alpine') }, run: 'r1', version: 3 };
const day = 24 * 60 * 60 * 1000;

describe('a queue on Azure Storage', () => {
  let server: { httpServer: { address(): { port: number } }; start(): Promise<void>; close(): Promise<void> };
  let client: QueueClient;
  let count = 0;

  beforeAll(async () => {
    const require = createRequire(import.meta.url);
    const { default: Server } = require('azurite/dist/src/queue/QueueServer.js');
    const { default: Configuration } = require('azurite/dist/src/queue/QueueConfiguration.js');
    const quiet = [false, undefined, false, undefined, false, true, '', '', '', undefined, false, true];
    server = new Server(new Configuration('127.0.0.1', 0, 5, '', '', [], ...quiet));
    await server.start();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    const account = 'devstoreaccount1';
    const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
    client = await openQueue({
      endpoint: `http://127.0.0.1:${server.httpServer.address().port}/${account}`,
      credential: new StorageSharedKeyCredential(account, key),
      name: `runs-${++count}`,
      client: { retryOptions: { maxTries: 1 } },
    });
    await ensureQueue(client);
    await ensureQueue(client);
  });

  test('hands out what was sent, in the host’s base64', async () => {
    await storageQueue(client).send(message, 0);
    const [received] = (await client.receiveMessages()).receivedMessageItems;
    expect(Buffer.from(received?.messageText ?? '', 'base64').toString()).toBe(
      '{"tracked":{"image":"node","tag":"9-alpine"},"run":"r1","version":3}',
    );
    expect(parseMessage(received?.messageText)).toEqual(message);
  });

  test('holds a message back, in whole seconds, and never lets it expire', async () => {
    const before = Date.now();
    const send = client.sendMessage.bind(client);
    const answers: QueueSendMessageResponse[] = [];
    client.sendMessage = async (...given) => {
      const answer = await send(...given);
      answers.push(answer);
      return answer;
    };
    await storageQueue(client).send(message, 7 * day - 500);
    expect(answers).toHaveLength(1);
    expect(answers[0]?.nextVisibleOn.getTime()).toBeGreaterThanOrEqual(before + 7 * day - 1000);
    expect(answers[0]?.expiresOn.getTime()).toBeGreaterThan(before + 1000 * day);
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
  });

  test('refuses a delay that the service does not know', async () => {
    await expect(storageQueue(client).send(message, 7 * day + 1)).rejects.toThrow(/7 days/);
    await expect(storageQueue(client).send(message, Number.NaN)).rejects.toThrow(/7 days/);
  });

  test('that is not there says what to do', async () => {
    await client.delete();
    await expect(storageQueue(client).send(message, 0)).rejects.toMatchObject({
      details: { next: 'stall', advice: expect.stringContaining('queue exists') },
    });
  });
});

describe('a message', () => {
  test.each([
    ['an object', message],
    ['JSON', JSON.stringify(message)],
    ['base64 of JSON', encodeMessage(message)],
    ['an object with more', { ...message, traceparent: 'x' }],
  ])('is understood as %s', (_, given) => {
    expect(parseMessage(given)).toEqual(message);
  });

  test.each([
    ['nothing', undefined],
    ['no JSON', 'hello'],
    ['a number', 7],
    ['no tag', { ...message, tracked: { image: 'node' } }],
    ['a tag that is none', { ...message, tracked: { image: 'node', tag: 'a/b' } }],
    ['a version that is none', { ...message, version: '3' }],
  ])('is refused that is %s', (_, given) => {
    expect(() => parseMessage(given)).toThrow(/not Sluice's.*Expected/);
  });
});
