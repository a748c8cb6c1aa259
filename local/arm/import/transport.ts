import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import tls from 'node:tls';

export interface Send {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | Buffer;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** HTTP with connections kept alive, trusting the local certificate beside the usual ones. */
export interface Transport {
  send(url: URL, options?: Send): Promise<Answer>;
  close(): void;
}

export function createTransport(trustedCertificate: string): Transport {
  const plain = new http.Agent({ keepAlive: true });
  const secure = new https.Agent({ keepAlive: true, ca: [...tls.rootCertificates, trustedCertificate] });
  return {
    async send(url, { method = 'GET', headers = {}, body, signal } = {}) {
      const options = { method, headers: { 'user-agent': 'acr-import', ...headers }, ...(signal ? { signal } : {}) };
      const request =
        url.protocol === 'https:'
          ? https.request(url, { ...options, agent: secure })
          : http.request(url, { ...options, agent: plain });
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      if (body === undefined || Buffer.isBuffer(body)) request.end(body);
      else await Promise.all([pipeline(body, request), answered]);
      const [response] = await answered;
      return { status: response.statusCode ?? 0, headers: response.headers, body: response };
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** The whole body; more than `limit` bytes is an error. */
export async function readAll(body: IncomingMessage, limit = 4 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new Error(`The answer is longer than ${limit} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An answer whose body is of no interest; reading it gives the connection back. */
export async function discard(answer: Answer): Promise<Answer> {
  await readAll(answer.body);
  return answer;
}
