import type { ArmState } from '../state.ts';
import { armError } from './errors.ts';
import type { ArmRequest } from './types.ts';

/** Items a page holds, as the providers have it. */
export const pageSize = 100;

export interface Page {
  readonly value: readonly unknown[];
  readonly nextLink?: string;
}

/** One page of items that have names; `nextLink` carries the name of the last one shown. */
export function page<T extends { readonly name: string }>(
  state: ArmState,
  request: ArmRequest,
  items: readonly T[],
  show: (item: T) => unknown,
): Page {
  const token = request.query.get('$skiptoken');
  const after = token === null ? undefined : readToken(token);
  const start = after === undefined ? 0 : items.findIndex((item) => item.name.localeCompare(after) > 0);
  const rest = start < 0 ? [] : items.slice(start);
  const shown = rest.slice(0, pageSize);
  const last = shown.at(-1);
  const value = shown.map(show);
  return rest.length > shown.length && last
    ? { value, nextLink: nextLink(state, request, writeToken(last.name)) }
    : { value };
}

/** The same request's address with another `$skiptoken`. */
export function nextLink(state: ArmState, request: ArmRequest, token: string): string {
  const query = new URLSearchParams(request.query);
  query.set('$skiptoken', token);
  return `${state.endpoint}${request.path}?${query.toString()}`;
}

export function writeToken(value: string): string {
  return Buffer.from(value, 'utf8').toString('base64url');
}

export function readToken(token: string): string {
  const value = Buffer.from(token, 'base64url').toString('utf8');
  if (value === '' || writeToken(value) !== token) {
    throw armError(400, 'InvalidSkipToken', `The skip token '${token}' is invalid.`);
  }
  return value;
}
