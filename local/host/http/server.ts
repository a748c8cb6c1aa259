import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Request {
  readonly method: string;
  /** As the client wrote it, with host and query. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** From `x-functions-key`, else `?code=`. */
  readonly key: string | undefined;
}

export interface Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

export const json = (status: number, value: unknown): Response => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});

/** The real host's maxRequestLength: 100 MiB. */
const largestBody = 104_857_600;

async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readRequest(incoming: IncomingMessage, body: Buffer): Request | undefined {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const target = incoming.url ?? '/';
  // A path that begins with two slashes is a path all the same, and names no host.
  const absolute = target.startsWith('/') ? `http://${headers.host ?? 'localhost'}${target}` : target;
  if (!URL.canParse(absolute)) return undefined;
  const url = new URL(absolute);
  const key = headers['x-functions-key'] ?? url.searchParams.get('code') ?? undefined;
  return { method: incoming.method ?? 'GET', url, headers, body, key };
}

function send(outgoing: ServerResponse, response: Response, isHead: boolean): void {
  outgoing.statusCode = response.status;
  for (const [name, value] of Object.entries(response.headers ?? {})) outgoing.setHeader(name, value);
  const body = response.body === undefined ? undefined : Buffer.from(response.body as string);
  if (!outgoing.hasHeader('content-length') && response.status !== 204 && response.status !== 304) {
    outgoing.setHeader('content-length', body?.length ?? 0);
  }
  outgoing.end(isHead ? undefined : body);
}

export interface HttpServer {
  readonly endpoint: string;
  /** Takes no more requests, and resolves when those that it has are answered. No connection outlives that. */
  close(): Promise<void>;
}

/** Serves on the loopback address. What the handler throws is a 500 without a body, as functions answer it. */
export async function startHttpServer(
  port: number,
  handle: (request: Request) => Promise<Response>,
  onError: (error: Error) => void,
): Promise<HttpServer> {
  const answer = async (incoming: IncomingMessage): Promise<Response> => {
    const body = await readBody(incoming);
    if (!body) return { status: 413, headers: { connection: 'close' } };
    const request = readRequest(incoming, body);
    return request ? handle(request) : { status: 400 };
  };
  const unanswered = new Set<ServerResponse>();
  let stopping = false;
  const server: Server = createServer((incoming, outgoing) => {
    unanswered.add(outgoing);
    outgoing.once('close', () => {
      unanswered.delete(outgoing);
      if (stopping && unanswered.size === 0) server.closeAllConnections();
    });
    void answer(incoming)
      .catch((error: Error): Response => {
        onError(error);
        return { status: 500 };
      })
      .then((response) => {
        // A client that keeps its connection would keep the server.
        if (stopping) outgoing.setHeader('connection', 'close');
        send(outgoing, response, incoming.method === 'HEAD');
      })
      .catch((error: Error) => {
        onError(error);
        outgoing.destroy();
      });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((ready, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', ready);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        stopping = true;
        server.close(() => closed());
        if (unanswered.size === 0) server.closeAllConnections();
        else server.closeIdleConnections();
      }),
  };
}
