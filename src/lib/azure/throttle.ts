import { retryAfterMs } from '../http/retry-after.ts';

type Kind = 'reads' | 'writes';

export interface ThrottleState {
  readonly requests: Readonly<Record<Kind, number>>;
  /** Answers of 429. */
  readonly throttled: number;
  /** The smallest `x-ms-ratelimit-remaining-…` of the last answer, where one was given. */
  readonly remaining: Readonly<Partial<Record<Kind, number>>>;
  /** Milliseconds since 1970; 0 for never. */
  readonly pausedUntil: Readonly<Record<Kind, number>>;
}

interface Headers {
  get(name: string): string | undefined;
  [Symbol.iterator](): Iterator<[string, string]>;
}

const remainingHeader = /^x-ms-ratelimit-remaining-(?:subscription|tenant)-(?:global-)?(reads|writes|deletes)$/i;
/** A service that asks to wait longer than this is asked again all the same: a header may be wrong by a unit. */
const longestPause = 3600_000;

/** What a service says of its limits, for one subscription or registry. Reads and writes have buckets of their own. */
export class Throttle {
  readonly #requests: Record<Kind, number> = { reads: 0, writes: 0 };
  readonly #remaining: Partial<Record<Kind, number>> = {};
  readonly #pausedUntil: Record<Kind, number> = { reads: 0, writes: 0 };
  #throttled = 0;

  state(): ThrottleState {
    return {
      requests: { ...this.#requests },
      throttled: this.#throttled,
      remaining: { ...this.#remaining },
      pausedUntil: { ...this.#pausedUntil },
    };
  }

  /** Milliseconds until a request of this method may be sent; 0 for now. */
  wait(method: string, now: number): number {
    return Math.max(0, this.#pausedUntil[kindOf(method)] - now);
  }

  /** Notes an answer; returns what its Retry-After asks to wait, in milliseconds. */
  note(method: string, status: number, headers: Headers, now: number): number | undefined {
    const kind = kindOf(method);
    this.#requests[kind] += 1;
    this.#noteRemaining(headers);
    const wait = retryAfterMs(headers.get('retry-after'), now);
    if (status !== 429) return wait;
    this.#throttled += 1;
    if (wait !== undefined) this.#pausedUntil[kind] = now + Math.min(wait, longestPause);
    return wait;
  }

  #noteRemaining(headers: Headers): void {
    const smallest: Partial<Record<Kind, number>> = {};
    for (const [name, value] of headers) {
      const which = remainingHeader.exec(name)?.[1]?.toLowerCase();
      const count = Number(value);
      if (which === undefined || !Number.isFinite(count)) continue;
      const kind = which === 'reads' ? 'reads' : 'writes';
      smallest[kind] = Math.min(smallest[kind] ?? count, count);
    }
    Object.assign(this.#remaining, smallest);
  }
}

function kindOf(method: string): Kind {
  return method === 'GET' || method === 'HEAD' ? 'reads' : 'writes';
}
