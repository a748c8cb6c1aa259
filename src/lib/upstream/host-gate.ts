import pLimit from 'p-limit';
import { Unavailable } from './unavailable.ts';

/** Milliseconds since 1970. */
export type Now = () => number;

const second = 1000;
/** Docker Hub answers 429 without Retry-After. */
const defaultPause = 60 * second;
/** A pause longer than this is looked at again: the header may be wrong by a unit. */
const longestPause = 6 * 3600 * second;
/** After so many failures in a row the host is left alone for a while: a dead host with 200 tags costs few deadlines. */
const failuresUntilPause = 3;
const deadPause = 30 * second;

/** What one host may be asked: so many requests at once, none while it asked to wait, none while it looks dead. */
export class HostGate {
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #host: string;
  readonly #now: Now;
  #paused: { readonly until: number; readonly why: string } | undefined;
  #failures = 0;

  constructor(host: string, concurrency: number, now: Now) {
    this.#host = host;
    this.#limit = pLimit(concurrency);
    this.#now = now;
  }

  /** Throws Unavailable without calling `request` while the host is paused, also for what waited in line. */
  run<T>(request: () => Promise<T>): Promise<T> {
    return this.#limit(() => {
      this.#refuseWhilePaused();
      return request();
    });
  }

  answered(): void {
    this.#failures = 0;
  }

  failed(why: string): void {
    this.#failures += 1;
    if (this.#failures >= failuresUntilPause) this.#pause(deadPause, `did not answer ${this.#failures} times: ${why}`);
  }

  /** `wait` in milliseconds; undefined where the host named no time. */
  throttled(status: number, wait: number | undefined): void {
    this.#pause(Math.min(wait ?? defaultPause, longestPause), `answered ${status}, too many requests`);
  }

  #pause(wait: number, why: string): void {
    const until = this.#now() + wait;
    if (this.#paused === undefined || this.#paused.until < until) this.#paused = { until, why };
  }

  #refuseWhilePaused(): void {
    if (this.#paused === undefined) return;
    if (this.#now() < this.#paused.until) {
      const until = new Date(this.#paused.until).toISOString();
      throw new Unavailable(`${this.#host} ${this.#paused.why}; it is not asked before ${until}`);
    }
    this.#paused = undefined;
  }
}
