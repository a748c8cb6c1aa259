/** What happens next is the class of an error: `retry` later, `stall` until a human acts, or it is a `bug`. */
export type Next = 'retry' | 'stall' | 'bug';

export interface PortErrorDetails {
  /** Present tense, e.g. `read tag`. */
  readonly operation: string;
  /** e.g. `contoso.azurecr.io/base-images/node:20`. */
  readonly target: string;
  readonly next: Next;
  /** What to do, where a human must. */
  readonly advice?: string;
  /** Milliseconds that the service asks to wait. */
  readonly retryAfter?: number;
}

/** What a port throws when the world is not as it should be. The original stands in `cause`. */
export class PortError extends Error {
  override readonly name = 'PortError';
  readonly details: PortErrorDetails;

  constructor(message: string, details: PortErrorDetails, options?: ErrorOptions) {
    super(`Could not ${details.operation} ${details.target}: ${message}`, options);
    this.details = details;
  }
}

/** The one table of what is retryable: HTTP status to class, for ARM, data plane and storage alike. */
export function nextForStatus(status: number | undefined): Next {
  if (status === undefined) return 'retry'; // no answer at all: reset, timeout, DNS
  if (status === 408 || status === 409 || status === 412 || status === 425 || status === 429) return 'retry';
  if (status >= 500) return 'retry';
  if (status === 401 || status === 403 || status === 404 || status === 405) return 'stall';
  return 'bug';
}

export function nextOf(error: unknown): Next {
  if (error instanceof PortError) return error.details.next;
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return nextForStatus(typeof status === 'number' ? status : undefined);
}

/** What a stage answers to an error: it is tried again, or a human must look, with the advice that there is. */
export function failureOf(error: unknown): { kind: 'fail'; next: 'retry' | 'stall'; why: string; after?: number } {
  const after = error instanceof PortError ? error.details.retryAfter : undefined;
  const next = nextOf(error);
  const why = next === 'bug' ? `Sluice is wrong here: ${explain(error)}` : explain(error);
  return { kind: 'fail', next: next === 'retry' ? 'retry' : 'stall', why, ...(after !== undefined && { after }) };
}

/** What went wrong, and what to do about it where that is known: one text for a log, an answer or a record. */
export function explain(error: unknown): string {
  const advice = error instanceof PortError && error.details.advice ? `. ${error.details.advice}` : '';
  return `${messageOf(error)}${advice}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
