import { AsyncLocalStorage } from 'node:async_hooks';
import type { Policy } from './retry-policy.ts';

/** One attempt to put a manifest under a tag, as the wire sees it. */
export class PutAttempt {
  /** The PUT left this process; it may take effect from now on. */
  sent = false;
  /** It came too late, and was not sent. */
  late = false;
  /** The status of the last answer, and the service's `Date`. */
  status: number | undefined;
  date: string | undefined;
  /** Whether it is too late to send it. */
  readonly isLate: () => boolean;

  constructor(isLate: () => boolean) {
    this.isLate = isLate;
  }
}

class TooLate extends Error {
  override readonly name = 'TooLate';
}

const attempts = new AsyncLocalStorage<PutAttempt>();

export function guarded<T>(attempt: PutAttempt, call: () => Promise<T>): Promise<T> {
  return attempts.run(attempt, call);
}

/**
 * Watches the PUT at the last place before the network: a token that takes long to get must not carry the request past
 * its time. A 401 is answered before anything is written, so the second PUT that follows it with a new token is the first
 * one that counts.
 */
export const putGuard: Policy = {
  name: 'sluicePutGuard',
  async sendRequest(request, next) {
    const attempt = attempts.getStore();
    if (attempt === undefined || request.method !== 'PUT') return next(request);
    if (attempt.isLate()) {
      attempt.late = true;
      throw new TooLate('it was not sent, because what it rests on was read too long ago');
    }
    attempt.sent = true;
    attempt.status = undefined;
    const response = await next(request);
    attempt.status = response.status;
    attempt.date = response.headers.get('date');
    if (response.status === 401) attempt.sent = false;
    return response;
  },
};
