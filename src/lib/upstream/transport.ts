import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty for HEAD. */
  readonly body: Uint8Array;
}

/** Manifests are at most 4 MiB by the specification; lists of tags are longer. */
const longestBody = 32 * 1024 * 1024;

/**
 * Connections that are kept for the next request. Node's fetch closes each after a HEAD, because some servers send a body
 * all the same: for two hundred tags that would be two hundred TLS handshakes. Here such a body breaks the connection it
 * came on, and is read as trouble of that host.
 */
export class Transport {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  /** Follows no redirect. Rejects with Node's own errors, and with the signal's reason. */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#once(request, signal);
    } catch (error) {
      // The server closed a kept connection just as it was used again: nothing was answered, and both methods are safe.
      if (error instanceof StaleConnection) return this.#once(request, signal);
      throw error;
    }
  }

  #once({ method, url, headers }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const secure = url.protocol === 'https:';
    const options: RequestOptions = { method, headers, agent: secure ? this.#https : this.#http, signal };
    return new Promise((resolve, reject) => {
      const sent = (secure ? httpsRequest : httpRequest)(url, options);
      sent.once('error', (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(signal.aborted ? signal.reason : stale ? new StaleConnection('closed', { cause: error }) : error);
      });
      sent.once('response', (response) => {
        read(response).then(resolve, (error) => reject(signal.aborted ? signal.reason : error));
      });
      sent.end();
    });
  }
}

class StaleConnection extends Error {}

async function read(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (length > longestBody) throw new Error(`an answer of more than ${longestBody} bytes`);
    chunks.push(chunk);
  }
  const headers = new Headers();
  const raw = response.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) headers.append(raw[at] ?? '', raw[at + 1] ?? '');
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks) };
}
