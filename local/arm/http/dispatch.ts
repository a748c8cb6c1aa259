import type { IncomingMessage } from 'node:http';
import type { TokenAuthority } from '../../contracts.ts';
import type { Route } from '../routes.ts';
import { type ArmState, registryOf } from '../state.ts';
import { authenticate } from './authenticate.ts';
import { armError } from './errors.ts';
import { readBody } from './readBody.ts';
import { explainMiss, type Match, type Router, resourceGroupProblem, subscriptionProblem } from './router.ts';
import type { ArmResponse } from './types.ts';

/** One request from its head to its response. Expected failures are thrown as ArmError. */
export async function dispatch(
  state: ArmState,
  router: Router,
  tokens: TokenAuthority,
  message: IncomingMessage,
): Promise<ArmResponse> {
  const principalId = authenticate(tokens, state.scope, [state.endpoint], message.headers.authorization);
  const method = message.method ?? 'GET';
  const { path, query } = target(message.url ?? '/');
  const apiVersion = query.get('api-version') ?? '';
  if (apiVersion === '') {
    throw armError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  const match = router(method, path);
  if (!match) throw explainMiss(router, state.scope, method, path);
  checkScope(state, match);
  checkApiVersion(state, match.route, apiVersion);
  if (match.params.registryName !== undefined) registryOf(state, match.params);
  const body = await readBody(message);
  return match.route.handler(state, {
    method,
    path,
    apiVersion,
    params: match.params,
    query,
    headers: message.headers,
    body,
    principalId,
  });
}

/** The raw path is kept: nothing in it is resolved, so `..` is a name that does not exist. */
function target(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  try {
    decodeURIComponent(path);
  } catch {
    throw armError(400, 'BadRequest', 'The request URI is malformed.');
  }
  return { path, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
}

function checkScope(state: ArmState, match: Match): void {
  const subscription = subscriptionProblem(state.scope, match.params.subscriptionId ?? '');
  if (subscription) throw subscription;
  const group = match.params.resourceGroupName;
  const problem = group === undefined ? undefined : resourceGroupProblem(state.scope, group);
  if (problem) throw problem;
}

function checkApiVersion(state: ArmState, route: Route, apiVersion: string): void {
  if (route.versions.includes(apiVersion.toLowerCase())) return;
  const supported = route.versions.join(', ');
  if (!/^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/i.test(apiVersion)) {
    throw armError(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${apiVersion}' is invalid. The supported versions are '${supported}'.`,
    );
  }
  throw armError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${state.scope.location}' and API version '${apiVersion}' for type '${route.type}'. The supported api-versions are '${supported}'. The supported locations are '${state.scope.location}'.`,
  );
}
