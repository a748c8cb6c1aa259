import { maskSecrets } from '../http/mask.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { nextForStatus, PortError } from '../pipeline/errors.ts';
import { explainCall } from './deadlines.ts';
import { NotSent } from './retry-policy.ts';
import { adviceForRefusal, refusalIn } from './roles.ts';

/** What an SDK threw, with what matters of it. */
export interface Failure {
  /** Undefined: there was no answer. */
  readonly status: number | undefined;
  /** ARM's or the registry's own code; or Node's, as ECONNRESET. */
  readonly code: string | undefined;
  /** Without credentials. */
  readonly message: string;
  /** Milliseconds. */
  readonly retryAfter: number | undefined;
  /** It certainly had no effect: it was not sent, or it never reached anybody. */
  readonly without: boolean;
}

interface RestErrorLike {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly retryAfter?: unknown;
  readonly response?: {
    readonly bodyAsText?: string | null;
    readonly headers?: { get(name: string): string | undefined };
  };
}

const neverArrived = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

export function failureOf(error: unknown): Failure {
  const thrown = (error ?? {}) as RestErrorLike;
  const status = typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
  const body = parseBody(thrown.response?.bodyAsText);
  const code = body.code ?? (typeof thrown.code === 'string' ? thrown.code : undefined);
  return {
    status,
    code,
    message: maskSecrets(body.message ?? explainCall(error)),
    retryAfter: retryAfterOf(thrown),
    without: error instanceof NotSent || (code !== undefined && neverArrived.has(code)),
  };
}

/** The one way from an SDK's error to the pipeline's. `operation` is in the present tense, `target` names what it is about. */
export function portError(error: unknown, operation: string, target: string): PortError {
  if (error instanceof PortError) return error;
  const { status, message, retryAfter } = failureOf(error);
  const advice = adviceFor(status, message, operation, target);
  const answer = status === undefined ? '' : ` (${status})`;
  const details = {
    operation,
    target,
    next: nextForStatus(status),
    ...(advice && { advice: sentence(advice) }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
  return new PortError(`${message}${answer}`, details, { cause: causeOf(error) });
}

/** Whoever shows an error puts its advice behind the message, as a sentence of its own. */
function sentence(advice: string): string {
  return `${advice.charAt(0).toUpperCase()}${advice.slice(1)}`;
}

const adviceByStatus: Readonly<Record<number, (operation: string, target: string) => string>> = {
  401: () => 'check AZURE_CLIENT_ID, the tenant, and SLUICE_REGISTRY_AUDIENCE: Azure does not take this identity',
  403: (operation, target) => adviceForRefusal(operation, target),
  404: (_, target) => `check that ${target} exists, and the names in sluice.yaml`,
  405: (_, target) =>
    `unlock ${target} (az acr repository update --write-enabled): it is locked, or the registry does not allow this`,
};

/** What a person can do about it, in words that follow others; undefined where time alone may heal it. */
export function adviceFor(
  status: number | undefined,
  message: string,
  operation: string,
  target: string,
): string | undefined {
  if (/client with IP|not allowed access|network rule|firewall/i.test(message)) {
    return 'let the app reach the registry: its network rules refuse this address';
  }
  const refusal = refusalIn(message);
  if (refusal) return refusal.advice;
  return status === undefined ? undefined : adviceByStatus[status]?.(operation, target);
}

/** ARM: `{error: {code, message}}`; a registry: `{errors: [{code, message}]}`. */
function parseBody(text: string | null | undefined): { readonly code?: string; readonly message?: string } {
  if (!text) return {};
  try {
    const body = JSON.parse(text) as { error?: unknown; errors?: unknown };
    const error = Array.isArray(body.errors) ? body.errors[0] : body.error;
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
    return {
      ...(typeof code === 'string' && { code }),
      ...(typeof message === 'string' && message !== '' && { message }),
    };
  } catch {
    return {};
  }
}

function retryAfterOf(thrown: RestErrorLike): number | undefined {
  if (typeof thrown.retryAfter === 'number') return thrown.retryAfter;
  return retryAfterMs(thrown.response?.headers?.get('retry-after'), Date.now());
}

/** An SDK's error carries its request, and that its Authorization header: only name, message and code are kept. */
function causeOf(error: unknown): Error {
  const { name, message, code } = (error ?? {}) as { name?: string; message?: string; code?: string };
  const cause = new Error(maskSecrets(message ?? String(error)));
  cause.name = name ?? 'Error';
  return Object.assign(cause, code === undefined ? {} : { code });
}
