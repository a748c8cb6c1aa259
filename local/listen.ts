import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate, Closeable } from './contracts.ts';

export interface Listening extends Closeable {
  readonly port: number;
  readonly server: Server;
}

export interface ListenOptions {
  /** Plain HTTP without it. */
  readonly certificate?: Certificate;
  /** 0, the default, is a free one. */
  readonly port?: number;
  /** What wants the port, for the message when it is taken. */
  readonly part: string;
}

/** Serves on the loopback address. `close` ends open connections too, so that it never waits for a client. */
export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listening> {
  const { certificate, port = 0, part } = options;
  const server = certificate
    ? createTlsServer({ key: certificate.key, cert: certificate.cert }, handler)
    : createServer(handler);
  // Longer than any client keeps an idle connection, so that none is closed under a request that is on its way.
  server.keepAliveTimeout = 120_000;
  // A layer upload may take longer than Node's five minutes.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(refused(cause, part, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refused(cause: NodeJS.ErrnoException, part: string, port: number): Error {
  const why =
    cause.code === 'EADDRINUSE' ? 'another process uses it; choose another port, or leave the port out' : cause.message;
  return new Error(`Starting ${part} on port ${port} failed: ${why}.`, { cause });
}
