import type { IndexedFunction, Trigger } from '../bindings.ts';
import type { HttpCookie, HttpData, Invocation, InvocationResult, TypedData } from '../core-types.ts';
import { typedDataText } from '../invoke.ts';
import { type HostKeys, isAllowed } from '../keys.ts';
import type { Request, Response } from './server.ts';

export type HttpFunction = IndexedFunction<Extract<Trigger, { kind: 'http' }>>;
export type Execute = (indexed: IndexedFunction, invocation: Invocation) => Promise<InvocationResult>;

function invocationOf(request: Request, params: Readonly<Record<string, string>>): Invocation {
  const query: Record<string, string> = {};
  for (const name of new Set(request.url.searchParams.keys()))
    query[name] = request.url.searchParams.getAll(name).join(',');
  const http: HttpData = {
    url: request.url.href,
    method: request.method,
    headers: request.headers,
    query,
    params,
    ...(request.body.length > 0 ? { body: { bytes: request.body } } : {}),
  };
  return { reason: 'This function was programmatically called via the host APIs.', data: { http }, metadata: {} };
}

function serializeCookie(cookie: HttpCookie): string {
  const sameSite = { lax: 'Lax', strict: 'Strict', explicitNone: 'None' }[cookie.sameSite ?? ''];
  const expires = cookie.expires && new Date(cookie.expires.value.seconds * 1000).toUTCString();
  return [
    `${encodeURIComponent(cookie.name)}=${encodeURIComponent(cookie.value)}`,
    expires && `expires=${expires}`,
    cookie.maxAge && `max-age=${cookie.maxAge.value}`,
    cookie.domain && `domain=${cookie.domain.value}`,
    cookie.path && `path=${cookie.path.value}`,
    cookie.secure?.value && 'secure',
    sameSite && `samesite=${sameSite}`,
    cookie.httpOnly?.value && 'httponly',
  ]
    .filter((part) => part)
    .join('; ');
}

function responseOf(returned: TypedData | undefined): Response {
  const http = returned?.http;
  if (!http) return { status: 204 };
  const body = http.body?.bytes ?? typedDataText(http.body);
  return {
    status: Number(http.statusCode ?? 200),
    headers: {
      ...http.headers,
      ...(http.cookies?.length ? { 'set-cookie': http.cookies.map(serializeCookie) } : {}),
    },
    ...(body === undefined ? {} : { body }),
  };
}

/**
 * Answers a request with the first function, by name, whose template and method match. No such function is 404,
 * a missing or wrong key 401, a throw 500 without a body, a function that returns nothing 204.
 */
export function createFunctionRoutes(functions: readonly HttpFunction[], keys: HostKeys, execute: Execute) {
  const ordered = [...functions].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  return async (request: Request): Promise<Response> => {
    for (const indexed of ordered) {
      const { route, methods, authLevel } = indexed.trigger;
      const params = methods.has(request.method) ? route.match(request.url.pathname) : undefined;
      if (!params) continue;
      if (!isAllowed(keys, authLevel, indexed.name, request.key)) return { status: 401 };
      const result = await execute(indexed, invocationOf(request, params));
      return result.ok ? responseOf(result.returned) : { status: 500 };
    }
    return { status: 404 };
  };
}
