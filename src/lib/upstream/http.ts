import { retryAfterMs } from '../http/retry-after.ts';
import { HostGate, type Now } from './host-gate.ts';
import type { UpstreamSettings } from './settings.ts';
import { explainFetchError, Unavailable } from './unavailable.ts';

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

const mostRedirects = 3;
/** Manifests are at most 4 MiB by the specification; lists of tags are longer. */
const longestBody = 32 * 1024 * 1024;

/** Sends requests to many hosts, each through its own gate, each with its own deadline, over kept-alive connections. */
export class Http {
  readonly #gates = new Map<string, HostGate>();
  readonly #settings: UpstreamSettings;
  readonly #now: Now;

  constructor(settings: UpstreamSettings, now: Now) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Answers of any status are values, save 429 and 503 with Retry-After. Throws Unavailable. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    let { url } = request;
    let headers = request.headers;
    for (let hop = 0; hop <= mostRedirects; hop++) {
      const answer = await this.#sendOnce({ ...request, url, headers });
      const location = isRedirect(answer.status) ? answer.headers.get('location') : null;
      if (location === null) return answer;
      const next = new URL(location, url);
      if (next.protocol !== url.protocol) {
        throw new Unavailable(`${url.host} redirects to ${next.protocol}//${next.host}, which is not followed`);
      }
      // Credentials are for the host that they were meant for, and for no other port of it.
      if (next.origin !== url.origin) headers = without(headers, 'authorization');
      url = next;
    }
    throw new Unavailable(`${request.url.host} redirects more than ${mostRedirects} times`);
  }

  #sendOnce(request: HttpRequest): Promise<HttpAnswer> {
    const { host } = request.url;
    const gate = this.#gate(host);
    return gate.run(async () => {
      const answer = await this.#fetch(request, gate);
      gate.answered();
      const wait = retryAfterMs(answer.headers.get('retry-after'), this.#now());
      if (answer.status === 429 || (answer.status === 503 && wait !== undefined)) {
        gate.throttled(answer.status, wait);
        throw new Unavailable(`${host} answered ${answer.status}, too many requests`);
      }
      return answer;
    });
  }

  async #fetch({ method, url, headers }: HttpRequest, gate: HostGate): Promise<HttpAnswer> {
    const deadline = this.#settings.requestTimeout;
    try {
      const signal = AbortSignal.timeout(deadline);
      const response = await fetch(url, { method, headers, redirect: 'manual', signal });
      return { status: response.status, headers: response.headers, body: await readBody(response) };
    } catch (error) {
      const why = explainFetchError(error, deadline);
      gate.failed(why);
      throw new Unavailable(`${url.host}: ${why}`, { cause: error });
    }
  }

  #gate(host: string): HostGate {
    let gate = this.#gates.get(host);
    if (gate === undefined) {
      gate = new HostGate(host, this.#settings.concurrency, this.#now);
      this.#gates.set(host, gate);
    }
    return gate;
  }
}

/** The whole body, so that the connection can be used again. */
async function readBody(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.byteLength;
    if (length > longestBody) throw new Error(`an answer of more than ${longestBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function without(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
