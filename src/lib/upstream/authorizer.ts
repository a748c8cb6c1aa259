import { type Challenge, parseChallenges } from './challenge.ts';
import { basicAuthorization, type Credentials, findCredentials } from './credentials.ts';
import type { Now } from './host-gate.ts';
import type { Http } from './http.ts';
import type { UpstreamSettings } from './settings.ts';
import { keyOf, type Target } from './target.ts';
import { fetchToken, type Token } from './token.ts';
import { Unavailable } from './unavailable.ts';

/** No Authorization header is needed, or none is known to be. */
const open: Token = { authorization: '', lifetime: Number.POSITIVE_INFINITY };
/** A refusal is kept so long, so that many tags of a repository do not knock with a wrong password each. */
const refusalLife = 60_000;
/** A token is renewed this long before it ends, or a fifth of its life where that is short. */
const longestMargin = 15_000;

interface Cached {
  readonly token: Promise<Token>;
  until: number;
}

/**
 * Knows what each registry wants to see. A registry's challenge is learned once, by `GET /v2/`, so that every tag costs
 * one HEAD; a token is fetched once for each repository, however many tags ask at the same time.
 */
export class Authorizer {
  readonly #challenges = new Map<string, Promise<readonly Challenge[]>>();
  readonly #tokens = new Map<string, Cached>();
  readonly #refused = new Map<string, number>();
  readonly #http: Http;
  readonly #settings: UpstreamSettings;
  readonly #now: Now;

  constructor(http: Http, settings: UpstreamSettings, now: Now) {
    this.#http = http;
    this.#settings = settings;
    this.#now = now;
  }

  /** The Authorization header for reading the repository; empty for none. Throws Unavailable. */
  async authorization(target: Target): Promise<string> {
    const cached = this.#tokens.get(keyOf(target));
    if (cached !== undefined && this.#now() < cached.until) return (await cached.token).authorization;
    return this.#renew(target, async () => this.#answer(target, await this.#generalChallenge(target.registry)));
  }

  /**
   * A request was refused with 401: what it says goes over what was known. Empty where there is nothing else to try.
   * `used` is what the request carried: whoever comes second takes what the first has fetched since.
   */
  async reauthorization(target: Target, headers: Headers, used: string): Promise<string> {
    const cached = this.#tokens.get(keyOf(target));
    if (cached !== undefined && this.#now() < cached.until) {
      const { authorization } = await cached.token;
      if (authorization !== used) return authorization;
    }
    const challenges = parseChallenges(headers.get('www-authenticate'));
    if (challenges.length === 0 || this.#now() < (this.#refused.get(keyOf(target)) ?? 0)) return '';
    return this.#renew(target, () => this.#answer(target, challenges));
  }

  /** A fresh token was refused too: no further one is fetched for a while. */
  refused(target: Target): void {
    this.#refused.set(keyOf(target), this.#now() + refusalLife);
  }

  async #renew(target: Target, fetch: () => Promise<Token>): Promise<string> {
    const started = this.#now();
    const entry: Cached = { token: fetch(), until: Number.POSITIVE_INFINITY };
    this.#tokens.set(keyOf(target), entry);
    try {
      const { authorization, lifetime } = await entry.token;
      entry.until = started + lifetime - Math.min(longestMargin, lifetime / 5);
      return authorization;
    } catch (error) {
      entry.until = started + refusalLife;
      throw error;
    }
  }

  #generalChallenge(registry: URL): Promise<readonly Challenge[]> {
    let known = this.#challenges.get(registry.origin);
    if (known === undefined) {
      known = this.#learn(registry);
      this.#challenges.set(registry.origin, known);
      known.catch(() => this.#challenges.delete(registry.origin));
    }
    return known;
  }

  async #learn(registry: URL): Promise<readonly Challenge[]> {
    const answer = await this.#http.send({ method: 'GET', url: new URL('/v2/', registry), headers: {} });
    if (answer.status >= 500) throw new Unavailable(`${registry.host} answered ${answer.status}`);
    return answer.status === 401 ? parseChallenges(answer.headers.get('www-authenticate')) : [];
  }

  /** Bearer before Basic: it carries less. */
  async #answer(target: Target, challenges: readonly Challenge[]): Promise<Token> {
    if (challenges.length === 0) return open;
    const credentials = this.#credentials(target);
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
    if (bearer !== undefined) return fetchToken(this.#http, target, bearer, credentials, this.#settings.plainHttp);
    if (!challenges.some(({ scheme }) => scheme === 'basic')) {
      const schemes = challenges.map(({ scheme }) => scheme).join(', ');
      throw new Unavailable(`${target.registry.host} wants ${schemes}; Bearer or Basic was expected`);
    }
    return basic(target, credentials);
  }

  #credentials(target: Target): Credentials | undefined {
    const found = findCredentials(target.credentials, this.#settings.values);
    if (found.kind === 'missing') throw new Unavailable(found.why);
    return found.kind === 'found' ? found.credentials : undefined;
  }
}

function basic({ registry }: Target, credentials: Credentials | undefined): Token {
  if (credentials === undefined) {
    throw new Unavailable(`${registry.host} wants a user name; add credentials for it to the catalog`);
  }
  if (registry.protocol !== 'https:') throw new Unavailable(`${registry.host} wants credentials over plain http`);
  return { authorization: basicAuthorization(credentials), lifetime: Number.POSITIVE_INFINITY };
}
