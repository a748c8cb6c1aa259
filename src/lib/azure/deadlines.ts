import type { TableServiceClientOptions } from '@azure/data-tables';

/**
 * How long one call may take, in milliseconds, all its tries together. The SDKs have no deadline of their own: a
 * connection that dies silently would hold a worker until the host ends it.
 */
export const deadlines = {
  read: 20_000,
  /** Shorter than a request's longest life in the protocol (90 s), which begins when this ends. */
  write: 30_000,
  /** All pages of a list that is read in one go. */
  list: 60_000,
  log: 15_000,
} as const;

export function within(period: keyof typeof deadlines): AbortSignal {
  return AbortSignal.timeout(deadlines[period]);
}

type AdditionalPolicy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];

/**
 * Gives every call of a client its deadline. One page of a list is one call: what its reader does between two pages does
 * not count.
 */
export const deadlinePolicy: AdditionalPolicy = {
  position: 'perCall',
  policy: {
    name: 'sluiceDeadlinePolicy',
    sendRequest(request, next) {
      const deadline = within(request.method === 'GET' ? 'read' : 'write');
      const asked = request.abortSignal as AbortSignal | undefined;
      request.abortSignal = asked ? AbortSignal.any([asked, deadline]) : deadline;
      return next(request);
    },
  },
};

/** What a call failed with, in words: an SDK says of a deadline only that the operation was aborted. */
export function explainCall(error: unknown): string {
  const { name, message } = (error ?? {}) as { name?: string; message?: string };
  if (name === 'AbortError' || name === 'TimeoutError') return 'no answer in time';
  return message ?? String(error);
}
