import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 64 KiB of it. */
  readonly body: string;
}

export interface Sender {
  /** Rejects where no answer came: refused, reset, or not within the timeout. */
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

const largestAnswer = 65_536;

/** Connections are kept and used again: a handshake for each event would cost more than the event. */
export function createSender(options: { readonly ca: string | undefined; readonly timeout: number }): Sender {
  const plain = new HttpAgent({ keepAlive: true });
  const tls = new HttpsAgent({ keepAlive: true, ...(options.ca === undefined ? {} : { ca: options.ca }) });
  return {
    send: (method, target, headers, body) =>
      new Promise((answered, reject) => {
        const url = new URL(target);
        const isTls = url.protocol === 'https:';
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        const requestOptions = { method, headers: { ...headers, ...length }, agent: isTls ? tls : plain };
        const outgoing = (isTls ? httpsRequest : httpRequest)(url, requestOptions, (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => {
            if (text.length < largestAnswer) text += chunk.slice(0, largestAnswer - text.length);
          });
          incoming.on('end', () =>
            finish(() => answered({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text })),
          );
          incoming.on('error', (cause) => finish(() => reject(new NoAnswer('Unreachable', url, cause))));
        });
        const timer = setTimeout(() => {
          finish(() => reject(new NoAnswer('TimedOut', url)));
          outgoing.destroy();
        }, options.timeout);
        const finish = (settle: () => void) => {
          clearTimeout(timer);
          settle();
        };
        outgoing.on('error', (cause) => finish(() => reject(new NoAnswer('Unreachable', url, cause))));
        outgoing.end(body);
      }),
    close: () => {
      plain.destroy();
      tls.destroy();
    },
  };
}
