import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { trustedCertificate } from '../../local/certificate.ts';

/** A request as it came in. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** `undefined`: go on to the registry behind. `hang`: never answer. */
export type Rule = (seen: Seen) => Answer | undefined | 'hang' | Promise<Answer | undefined>;

export interface Front {
  /** `localhost:PORT`. */
  readonly host: string;
  readonly origin: string;
  readonly seen: Seen[];
  /** Connections that clients opened. */
  readonly connections: () => number;
  /** The highest number of requests that were under way at once. */
  readonly most: () => number;
  count(method: string, path: RegExp): number;
  close(): Promise<void>;
}

/** A real HTTP server, with TLS or without, in front of a real registry or of nothing. */
export async function startFront(options: { tls?: boolean; backend?: number; rule?: Rule }): Promise<Front> {
  const { tls = false, backend, rule = () => undefined } = options;
  const seen: Seen[] = [];
  let underWay = 0;
  let most = 0;
  let connections = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://front');
    const { method = 'GET', headers } = request;
    const look = { method, path: url.pathname, query: url.searchParams, authorization: headers.authorization, headers };
    seen.push(look);
    underWay += 1;
    most = Math.max(most, underWay);
    response.once('close', () => {
      underWay -= 1;
    });
    const answer = await rule(look);
    if (answer === 'hang') return;
    if (answer === undefined && backend !== undefined) return forward(request, response, backend);
    const { status, headers: more = {}, body = '' } = answer ?? { status: 404 };
    response.writeHead(status, more).end(method === 'HEAD' ? undefined : body);
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error) => response.destroy(error));
  };
  const server = tls ? createTlsServer(await material(), listener) : createServer(listener);
  server.on(tls ? 'secureConnection' : 'connection', () => {
    connections += 1;
  });
  const port = await listen(server);
  const host = `localhost:${port}`;
  return {
    host,
    origin: `${tls ? 'https' : 'http'}://${host}`,
    seen,
    connections: () => connections,
    most: () => most,
    count: (method, path) => seen.filter((look) => look.method === method && path.test(look.path)).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function forward(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
  const { method = 'GET', headers } = request;
  const onward = { accept: headers.accept ?? '*/*', 'if-none-match': headers['if-none-match'] ?? '' };
  const answer = await fetch(`http://127.0.0.1:${port}${request.url}`, { method, headers: onward });
  const body = Buffer.from(await answer.arrayBuffer());
  // What was said of that connection says nothing of this one.
  const { connection: _, ...said } = Object.fromEntries(answer.headers);
  response.writeHead(answer.status, said).end(body);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function material() {
  const certificate = await trustedCertificate();
  if (!certificate) throw new Error('No trusted certificate: run this under vitest.');
  return { key: certificate.key, cert: certificate.cert };
}
