/** https://learn.microsoft.com/azure/event-grid/delivery-and-retry */
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const schedule = [
  10 * second,
  30 * second,
  minute,
  5 * minute,
  10 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
] as const;

/** After these an endpoint is left alone for longer. */
const slowest: Readonly<Record<number, number>> = { 404: 5 * minute, 408: 2 * minute, 503: 30 * second };

/** What became of one attempt. No status: no answer at all. */
export interface Attempt {
  readonly status?: number;
  /** Event Grid's word for it. */
  readonly outcome: string;
}

export type DeadLetterReason = 'MaxDeliveryAttemptsExceeded' | 'TimeToLiveExceeded' | `UndeliverableDueToHttp${string}`;

export type NextStep =
  | { readonly step: 'done' }
  /** Milliseconds, before any time scale. */
  | { readonly step: 'retry'; readonly delay: number }
  | { readonly step: 'deadLetter'; readonly reason: DeadLetterReason };

const neverRetried: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  413: 'RequestEntityTooLarge',
};

const outcomes: Readonly<Record<number, string>> = {
  ...neverRetried,
  404: 'NotFound',
  408: 'TimedOut',
  409: 'Conflict',
  429: 'Busy',
  500: 'InternalServerError',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
};

export const isSuccess = (status: number): boolean => status >= 200 && status <= 204;

export const outcomeOf = (status: number): string =>
  isSuccess(status) ? 'Delivered' : (outcomes[status] ?? `Http${status}`);

/** What an event's age and attempts so far lead to. `attempts` counts this one; `age` is milliseconds since it was published. */
export function nextStep(
  attempt: Attempt,
  attempts: number,
  age: number,
  policy: { readonly maxDeliveryAttempts: number; readonly eventTimeToLiveInMinutes: number },
): NextStep {
  const status = attempt.status ?? 0;
  if (isSuccess(status)) return { step: 'done' };
  const refused = neverRetried[status];
  if (refused) return { step: 'deadLetter', reason: `UndeliverableDueToHttp${refused}` };
  if (attempts >= policy.maxDeliveryAttempts) return { step: 'deadLetter', reason: 'MaxDeliveryAttemptsExceeded' };
  const planned = schedule[Math.min(attempts, schedule.length) - 1] ?? 12 * hour;
  const delay = Math.max(planned, slowest[status] ?? 0);
  if (age + delay > policy.eventTimeToLiveInMinutes * minute)
    return { step: 'deadLetter', reason: 'TimeToLiveExceeded' };
  return { step: 'retry', delay };
}
