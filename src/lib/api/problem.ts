/** Errors of the HTTP API: RFC 9457, Problem Details for HTTP APIs. */
import type { HttpResponseInit } from '@azure/functions';
import { maskSecrets } from '../http/mask.ts';

export interface FieldError {
  /** The member of the body, the query or the path: `until`; or the body itself, or a header. */
  readonly field: string;
  readonly detail: string;
}

export interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** What was found, where a command cannot apply to it. */
  readonly state?: unknown;
}

const titles: Readonly<Record<number, string>> = {
  400: 'The request is wrong',
  401: 'Sign in first',
  403: 'Not allowed',
  404: 'Not found',
  409: 'It cannot apply to what was found',
  413: 'The request is too long',
  415: 'The body must be JSON',
  500: 'Something went wrong',
  503: 'Sluice cannot work as it is set up',
};

/** Thrown where a request is parsed, and answered in one place. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export function wrongFields(errors: readonly FieldError[]): Refusal {
  const detail = errors.map(({ field, detail }) => `${field}: ${detail}`).join('; ');
  return new Refusal({ status: 400, detail, errors });
}

/** One field is wrong, or what it names is not there, in a sentence of its own. */
export function wrongField(status: 400 | 404 | 413 | 415, field: string, detail: string): Refusal {
  return new Refusal(fieldProblem(status, field, detail));
}

export function fieldProblem(status: number, field: string, detail: string): Problem {
  return { status, detail, errors: [{ field, detail }] };
}

/** `about:blank`: the type says no more than the status; people read `title` and `detail`. */
export function problemResponse({ status, detail, errors, state }: Problem): HttpResponseInit {
  const masked = errors?.map((error) => ({ field: error.field, detail: maskSecrets(error.detail) }));
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify({
      type: 'about:blank',
      title: titles[status] ?? 'Error',
      status,
      detail: maskSecrets(detail),
      ...(masked && { errors: masked }),
      ...(state !== undefined && { state }),
    }),
  };
}

export function json(
  status: number,
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponseInit {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(content),
  };
}
