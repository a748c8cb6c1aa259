import { retryAfterMs } from '../http/retry-after.ts';

type Kind = 'reads' | 'writes';

/** A service that asks to wait longer than this is asked again all the same: a header may be wrong by a unit. */
const longestPause = 3600_000;

/** When a service asked to be left alone, for one subscription or registry. Reads and writes have buckets of their own. */
export class Throttle {
  readonly #pausedUntil: Record<Kind, number> = { reads: 0, writes: 0 };

  /** Milliseconds until a request of this method may be sent; 0 for now. */
  wait(method: string, now: number): number {
    return Math.max(0, this.#pausedUntil[kindOf(method)] - now);
  }

  /** Notes an answer; returns what its Retry-After asks to wait, in milliseconds. */
  note(
    method: string,
    status: number,
    headers: { get(name: string): string | undefined },
    now: number,
  ): number | undefined {
    const wait = retryAfterMs(headers.get('retry-after'), now);
    if (status === 429 && wait !== undefined) this.#pausedUntil[kindOf(method)] = now + Math.min(wait, longestPause);
    return wait;
  }
}

function kindOf(method: string): Kind {
  return method === 'GET' || method === 'HEAD' ? 'reads' : 'writes';
}
