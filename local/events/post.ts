import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 64 KiB of it. */
  readonly body: string;
}

export interface Sender {
  /** Rejects with NoAnswer where none came: refused, reset, or not within the timeout. */
  send(
    method: 'POST' | 'OPTIONS',
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer>;
  close(): void;
}

export class NoAnswer extends Error {
  readonly outcome: 'TimedOut' | 'Unreachable';
  constructor(outcome: 'TimedOut' | 'Unreachable', url: URL, cause?: Error) {
    super(`${url.origin} gave no answer: ${cause?.message ?? 'timed out'}`, { cause });
    this.outcome = outcome;
  }
}

/** The endpoint closed an idle connection just as it was taken up again: nothing was read, so the request goes again. */
class StaleConnection extends Error {}

const largestAnswer = 65_536;

function exchange(url: URL, options: RequestOptions, body: string | undefined, timeout: number): Promise<Answer> {
  return new Promise((answered, reject) => {
    const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        if (text.length < largestAnswer) text += chunk.slice(0, largestAnswer - text.length);
      });
      incoming.on('end', () => {
        clearTimeout(timer);
        answered({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
      });
      incoming.on('error', fail);
    });
    const timer = setTimeout(() => {
      reject(new NoAnswer('TimedOut', url));
      outgoing.destroy();
    }, timeout);
    const fail = (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const isStale = outgoing.reusedSocket && cause.code === 'ECONNRESET';
      reject(isStale ? new StaleConnection() : new NoAnswer('Unreachable', url, cause));
    };
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

/** Connections are kept and used again: a handshake for each event would cost more than the event. */
export function createSender(options: { readonly ca: string | undefined; readonly timeout: number }): Sender {
  const plain = new HttpAgent({ keepAlive: true });
  const tls = new HttpsAgent({ keepAlive: true, ...(options.ca === undefined ? {} : { ca: options.ca }) });
  return {
    send: async (method, target, headers, body) => {
      const url = new URL(target);
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = { method, headers: { ...headers, ...length }, agent: url.protocol === 'https:' ? tls : plain };
      try {
        return await exchange(url, request, body, options.timeout);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        const fresh = { agent: false as const, ...(options.ca === undefined ? {} : { ca: options.ca }) };
        return exchange(url, { ...request, ...fresh }, body, options.timeout);
      }
    },
    close: () => {
      plain.destroy();
      tls.destroy();
    },
  };
}
