import type { InvocationResult, RetryContext, RetryOptions } from '../core-types.ts';

export interface RetryPolicy {
  /** Undefined is without end (-1). */
  readonly maxRetryCount: number | undefined;
  /** Milliseconds before retry number `retry` (1 is the first). */
  delay(retry: number, random: () => number): number;
}

const milliseconds = (duration: { readonly seconds: number } | undefined): number => (duration?.seconds ?? 0) * 1000;

/** fixedDelay waits the same each time; exponentialBackoff doubles, ±20 %, between its two intervals. */
export function retryPolicy(options: RetryOptions | undefined): RetryPolicy | undefined {
  if (!options?.retryStrategy) return undefined;
  const count = options.maxRetryCount ?? 0;
  const maxRetryCount = count < 0 ? undefined : count;
  if (options.retryStrategy === 'fixedDelay') {
    const fixed = milliseconds(options.delayInterval);
    return { maxRetryCount, delay: () => fixed };
  }
  const [low, high] = [milliseconds(options.minimumInterval), milliseconds(options.maximumInterval)];
  return {
    maxRetryCount,
    delay: (retry, random) => {
      if (retry <= 1) return low;
      const growth = (2 ** Math.min(retry - 1, 30) - 1) * 1000 * (0.8 + 0.4 * random());
      return Math.min(low + growth, high);
    },
  };
}

export interface RetryRun {
  readonly policy: RetryPolicy;
  readonly once: (retry: RetryContext) => Promise<InvocationResult>;
  /** Resolves early, with false, when the host stops. */
  readonly wait: (milliseconds: number) => Promise<boolean>;
  readonly random: () => number;
}

/** Calls until it succeeds or the policy is used up. */
export async function withRetries({ policy, once, wait, random }: RetryRun): Promise<InvocationResult> {
  const maxRetryCount = policy.maxRetryCount ?? -1;
  let result = await once({ retryCount: 0, maxRetryCount });
  for (let retry = 1; !result.ok && (policy.maxRetryCount === undefined || retry <= policy.maxRetryCount); retry++) {
    if (!(await wait(policy.delay(retry, random)))) return result;
    const { message, stack } = result.error;
    const exception = { message, ...(stack === undefined ? {} : { stackTrace: stack }) };
    result = await once({ retryCount: retry, maxRetryCount, exception });
  }
  return result;
}
