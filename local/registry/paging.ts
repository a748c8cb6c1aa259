import { type Answer, refusal } from './errors.ts';
import type { Nanoseconds } from './store.ts';

export interface Page {
  readonly size: number;
  readonly last: string | undefined;
  /** The time of `last`, so that a page goes on where it ended although `last` is gone or was pushed again. */
  readonly lastTime: Nanoseconds | undefined;
  readonly order: 'name' | 'timeasc' | 'timedesc';
}

const defaultSize = 100;
const largestSize = 1000;

export function parsePage(query: URLSearchParams): { page: Page } | { refused: Answer } {
  const n = query.get('n');
  if (n !== null && !/^[1-9]\d{0,8}$/.test(n)) {
    return { refused: refusal(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested', { n }) };
  }
  const order = query.get('orderby') || 'none';
  if (!['none', 'timeasc', 'timedesc'].includes(order)) {
    return { refused: refusal(400, 'BAD_REQUEST', `orderby is ${order}; use timeasc, timedesc or none`) };
  }
  const time = query.get('lasttime');
  return {
    page: {
      size: Math.min(n === null ? defaultSize : Number(n), largestSize),
      last: query.get('last') || undefined,
      lastTime: time !== null && /^\d{1,25}$/.test(time) ? BigInt(time) : undefined,
      order: order === 'none' ? 'name' : (order as 'timeasc' | 'timedesc'),
    },
  };
}

/** The page of `names`, which are in any order, and whether there is more. */
export function cutByName(names: readonly string[], page: Page): { items: string[]; more: boolean } {
  const { last } = page;
  const rest = [...names].sort().filter((name) => last === undefined || name > last);
  return { items: rest.slice(0, page.size), more: rest.length > page.size };
}

export interface Timed {
  readonly name: string;
  readonly updated: Nanoseconds;
}

export function cutByTime<T extends Timed>(all: readonly T[], page: Page): { items: T[]; more: boolean } {
  const sign = page.order === 'timedesc' ? -1 : 1;
  const compare = (a: Timed, b: Timed) => {
    if (a.updated !== b.updated) return a.updated < b.updated ? -sign : sign;
    return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  };
  const marker = timeMarker(all, page);
  const rest = [...all].sort(compare).filter((item) => !marker || compare(item, marker) > 0);
  return { items: rest.slice(0, page.size), more: rest.length > page.size };
}

/** A client that makes its own `last` knows no time: then it is the item's present one. */
function timeMarker(all: readonly Timed[], { last, lastTime }: Page): Timed | undefined {
  if (last === undefined) return undefined;
  return lastTime === undefined ? all.find(({ name }) => name === last) : { name: last, updated: lastTime };
}

/** As ACR writes it: `</acr/v1/_catalog?last=busybox&n=1&orderby=>; rel="next"`. */
export function nextLink(path: string, query: URLSearchParams, page: Page, last: Timed | string): string {
  const parameters = new URLSearchParams();
  parameters.set('last', typeof last === 'string' ? last : last.name);
  parameters.set('n', String(page.size));
  parameters.set('orderby', query.get('orderby') ?? '');
  const digest = query.get('digest');
  if (digest) parameters.set('digest', digest);
  if (typeof last !== 'string' && page.order !== 'name') parameters.set('lasttime', String(last.updated));
  return `<${path}?${parameters}>; rel="next"`;
}
