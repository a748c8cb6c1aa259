import { Authorizer } from './authorizer.ts';
import type { Now } from './host-gate.ts';
import { Http } from './http.ts';
import type { UpstreamSettings } from './settings.ts';
import type { Target } from './target.ts';
import type { HttpAnswer, HttpRequest } from './transport.ts';

/** Requests of the distribution protocol, authorised as each registry asks for it. */
export class OciClient {
  readonly #http: Http;
  readonly #authorizer: Authorizer;

  constructor(settings: UpstreamSettings, now: Now) {
    this.#http = new Http(settings, now);
    this.#authorizer = new Authorizer(this.#http, settings, now);
  }

  /** Any status but 429 is an answer. A 401 is answered once, by what its challenge asks for. Throws Unavailable. */
  async send(target: Target, request: HttpRequest): Promise<HttpAnswer> {
    const authorization = await this.#authorizer.authorization(target);
    const answer = await this.#http.send(authorized(request, authorization));
    if (answer.status !== 401) return answer;
    const better = await this.#authorizer.reauthorization(target, answer.headers, authorization);
    if (better === '' || better === authorization) return answer;
    const second = await this.#http.send(authorized(request, better));
    if (second.status === 401) this.#authorizer.refused(target);
    return second;
  }
}

function authorized(request: HttpRequest, authorization: string): HttpRequest {
  return authorization === '' ? request : { ...request, headers: { ...request.headers, authorization } };
}
