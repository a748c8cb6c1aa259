import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { Throttle } from './throttle.ts';

/** A step of the SDKs' HTTP pipeline. */
export type Policy = Parameters<ContainerRegistryManagementClient['pipeline']['addPolicy']>[0];
type Request = Parameters<Policy['sendRequest']>[0];
type Response = Awaited<ReturnType<Policy['sendRequest']>>;

const tries = 3;
/** A wait longer than this is not slept through: the run waits, not the worker. */
const longestSleep = 3000;
const firstBackoff = 300;
const retryable = new Set([408, 429, 500, 502, 503, 504]);

/** The service asked to wait, and the wait is not over: the request was not sent. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
  readonly statusCode = 429;
  /** Milliseconds. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super(`the service asked to wait, ${Math.ceil(retryAfter / 1000)} s are left; nothing was sent`);
    this.retryAfter = retryAfter;
  }
}

/**
 * The one place that sends a request again; the SDKs' own policy is off, because it repeats a POST after 5xx and resets,
 * and the second one would be a second task run. Only what is idempotent by its method is repeated, and a look at an
 * operation is not: it comes again by itself.
 */
export function retryPolicy(throttle: Throttle, now: () => number = Date.now): Policy {
  return {
    name: 'sluiceRetryPolicy',
    async sendRequest(request, next) {
      for (let attempt = 1; ; attempt++) {
        await waitForTurn(request, throttle.wait(request.method, now()));
        const last = attempt >= (isRepeatable(request) ? tries : 1);
        const outcome = await send(request, next, throttle, now);
        if (last || outcome.wait === undefined || outcome.wait > longestSleep) return settle(outcome);
        await pause(request, Math.max(outcome.wait, firstBackoff * 2 ** (attempt - 1)));
      }
    },
  };
}

/** `wait` undefined: not worth another try. */
interface Outcome {
  readonly response?: Response;
  readonly error?: unknown;
  readonly wait: number | undefined;
}

async function send(
  request: Request,
  next: (request: Request) => Promise<Response>,
  throttle: Throttle,
  now: () => number,
): Promise<Outcome> {
  try {
    const response = await next(request);
    const wait = throttle.note(request.method, response.status, response.headers, now());
    return { response, wait: retryable.has(response.status) ? (wait ?? 0) : undefined };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    return { error, wait: typeof code === 'string' && /^E[A-Z]+$/.test(code) ? 0 : undefined };
  }
}

function settle({ response, error }: Outcome): Response {
  if (response === undefined) throw error;
  return response;
}

async function waitForTurn(request: Request, wait: number): Promise<void> {
  if (wait === 0) return;
  if (wait > longestSleep) throw new NotSent(wait);
  await pause(request, wait);
}

function pause(request: Request, wait: number): Promise<void> {
  const signal = request.abortSignal as AbortSignal | undefined;
  return sleep(wait, undefined, signal ? { signal } : {});
}

function isRepeatable({ method, url }: Request): boolean {
  const { pathname } = new URL(url);
  // Tokens are handed out by POST, and asking twice is harmless.
  if (method === 'POST') return pathname.startsWith('/oauth2/');
  if (/\/operation(?:results|statuses)\//i.test(pathname)) return false;
  return method === 'GET' || method === 'HEAD' || method === 'DELETE';
}
