import { retryAfterMs } from '../http/retry-after.ts';
import { HostGate, type Now } from './host-gate.ts';
import type { UpstreamSettings } from './settings.ts';
import { type HttpAnswer, type HttpRequest, Transport } from './transport.ts';
import { explainError, Unavailable } from './unavailable.ts';

const mostRedirects = 3;

/** Sends requests to many hosts, each through its own gate, each with its own deadline, over kept-alive connections. */
export class Http {
  readonly #gates = new Map<string, HostGate>();
  readonly #transport = new Transport();
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
      const answer = await this.#transfer(request, gate);
      gate.answered();
      const wait = retryAfterMs(answer.headers.get('retry-after'), this.#now());
      if (answer.status === 429 || (answer.status === 503 && wait !== undefined)) {
        gate.throttled(answer.status, wait);
        throw new Unavailable(`${host} answered ${answer.status}, too many requests`);
      }
      return answer;
    });
  }

  async #transfer(request: HttpRequest, gate: HostGate): Promise<HttpAnswer> {
    const deadline = this.#settings.requestTimeout;
    try {
      return await this.#transport.send(request, AbortSignal.timeout(deadline));
    } catch (error) {
      const why = explainError(error, deadline);
      gate.failed(why);
      throw new Unavailable(`${request.url.host}: ${why}`, { cause: error });
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

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function without(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
