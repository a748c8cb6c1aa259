import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a registry, passes everything on, and notes `METHOD path` of each request. */
export async function startRecorder(backend: string, recorded: string[]): Promise<{ url: string; close(): void }> {
  const server = createServer((message, reply) => {
    recorded.push(`${message.method} ${message.url}`);
    const onward = request(new URL(message.url ?? '/', backend), { method: message.method, headers: message.headers });
    onward.on('response', (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    });
    onward.on('error', () => reply.destroy());
    message.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
