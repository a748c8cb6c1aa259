import { registryProviderError } from '../http/errors.ts';
import type { Handler } from '../http/types.ts';
import { operationLocation } from './location.ts';

/** One poll of an import. An ended one answers the same however often it is asked. */
export const getOperationResult: Handler = (state, request) => {
  const id = request.params.operationId ?? '';
  const operation = state.imports.find(id);
  if (!operation) {
    throw registryProviderError(404, 'ResourceNotFound', `The operation '${id}' was not found.`);
  }
  const headers = { 'api-supported-versions': request.apiVersion };
  if (operation.report === 'succeeded') return { status: 200, headers, body: { status: 'Succeeded' } };
  if (operation.report === 'running') {
    const progress = Object.fromEntries(operation.targets.map((target) => [target, 'Pending']));
    return {
      status: 202,
      headers: {
        ...headers,
        location: operationLocation(state, operation.id, request.apiVersion),
        ...state.retryAfter,
      },
      body: { ...progress, status: 'Accepted' },
    };
  }
  const { status, code, cause } = operation.report;
  const message = `Operation ${operation.id} failed. Resource ${operation.registry.resourceId} ${cause}`;
  throw registryProviderError(status, code, message);
};
