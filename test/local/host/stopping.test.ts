import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startHttpServer } from '../../../local/host/http/server.ts';

test('a stopping server answers what it was asked, and no connection that a client keeps holds it up', async () => {
  let asked = () => {};
  let release = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handle = async ({ url }: { readonly url: URL }) => {
    if (url.pathname === '/quick') return { status: 200, body: 'quick' };
    asked();
    await released;
    return { status: 200, body: 'slow' };
  };
  const server = await startHttpServer(0, handle, (error) => expect.fail(error.message));
  const agent = new Agent({ keepAlive: true });
  const get = async (path: string) => {
    const [answer] = (await once(request(`${server.endpoint}${path}`, { agent }).end(), 'response')) as [
      IncomingMessage,
    ];
    return { connection: answer.headers.connection, body: Buffer.concat(await answer.toArray()).toString() };
  };
  expect(await get('/quick')).toEqual({ connection: 'keep-alive', body: 'quick' });
  const silent = connect(Number(new URL(server.endpoint).port), '127.0.0.1').on('error', () => {});
  await once(silent, 'connect');
  const slow = get('/slow');
  await isAsked;

  const closed = server.close();
  release();
  expect(await slow).toEqual({ connection: 'close', body: 'slow' });
  await closed;
  agent.destroy();
  silent.destroy();
}, 5000);
