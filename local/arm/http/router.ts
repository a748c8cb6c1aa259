import findMyWay, { type HTTPMethod } from 'find-my-way';
import type { AzureScope } from '../../contracts.ts';
import type { Route } from '../routes.ts';
import { type ArmError, armError } from './errors.ts';

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export type Router = (method: string, path: string) => Match | undefined;

const methods: readonly Route['method'][] = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];

/** Resource paths are matched without regard to case; parameters keep theirs. */
export function createRouter(routes: readonly Route[]): Router {
  const table = findMyWay({ caseSensitive: false, maxParamLength: 1000, ignoreTrailingSlash: true });
  for (const route of routes) table.on(route.method, route.path, () => undefined, { route });
  return (method, path) => {
    const found = table.find(method as HTTPMethod, path);
    if (!found) return undefined;
    const params = Object.fromEntries(Object.entries(found.params).map(([key, value]) => [key, value ?? '']));
    return { route: (found.store as { route: Route }).route, params };
  };
}

/** Why nothing is served at `path`, in the order in which ARM looks. */
export function explainMiss(router: Router, scope: AzureScope, method: string, path: string): ArmError {
  const segments = path.split('/').filter((segment) => segment !== '');
  const [root, subscriptionId, second, name] = segments;
  if (root?.toLowerCase() !== 'subscriptions') return notFound(path);
  const subscription = subscriptionProblem(scope, subscriptionId ?? '');
  if (subscription) return subscription;
  if (second?.toLowerCase() === 'resourcegroups') {
    const group = resourceGroupProblem(scope, name ?? '');
    if (group) return group;
  }
  if (methods.some((other) => other !== method && router(other, path))) {
    return armError(405, 'MethodNotAllowed', `The requested resource does not support http method '${method}'.`);
  }
  const providers = segments.findIndex((segment) => segment.toLowerCase() === 'providers');
  if (providers < 0) return notFound(path);
  const namespace = segments[providers + 1] ?? '';
  if (namespace.toLowerCase() !== 'microsoft.containerregistry') {
    return armError(404, 'InvalidResourceNamespace', `The resource namespace '${namespace}' is invalid.`);
  }
  return armError(
    404,
    'InvalidResourceType',
    `The resource type '${segments.slice(providers + 2).join('/')}' could not be found in the namespace 'Microsoft.ContainerRegistry'.`,
  );
}

export function subscriptionProblem(scope: AzureScope, subscriptionId: string): ArmError | undefined {
  if (subscriptionId.toLowerCase() === scope.subscription.toLowerCase()) return undefined;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(subscriptionId)) {
    return armError(
      400,
      'InvalidSubscriptionId',
      `The provided subscription identifier '${subscriptionId}' is malformed or invalid.`,
    );
  }
  return armError(404, 'SubscriptionNotFound', `The subscription '${subscriptionId}' could not be found.`);
}

export function resourceGroupProblem(scope: AzureScope, name: string): ArmError | undefined {
  if (name.toLowerCase() === scope.resourceGroup.toLowerCase()) return undefined;
  return armError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
}

function notFound(path: string): ArmError {
  return armError(404, 'NotFound', `No resource could be found at '${path}'.`);
}
