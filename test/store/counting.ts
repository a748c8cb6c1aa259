import type { TableServiceClientOptions } from '@azure/data-tables';

type AdditionalPolicy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number];

/** Requests to storage, as they are billed: a batch is one. */
export interface Counter {
  requests: number;
  /** Rows that came back; answers to batches are not counted. */
  rows: number;
  /** What each request was: `GET sluiceTags`, `POST $batch`. */
  readonly log: string[];
}

/** A client option that counts: `{ additionalPolicies: [counting.policy] }`. */
export function countRequests(): {
  readonly counter: Counter;
  readonly policy: AdditionalPolicy;
} {
  const counter: Counter = { requests: 0, rows: 0, log: [] };
  const policy: AdditionalPolicy['policy'] = {
    name: 'countRequests',
    async sendRequest(request, next) {
      counter.requests++;
      counter.log.push(`${request.method} ${new URL(request.url).pathname.split('/').at(-1)}`);
      const response = await next(request);
      counter.rows += response.bodyAsText?.match(/"RowKey"/g)?.length ?? 0;
      return response;
    },
  };
  return { counter, policy: { policy, position: 'perRetry' } };
}
