import type { LocalRegistry } from '../../contracts.ts';
import { armError } from '../http/errors.ts';
import type { ArmRequest, Handler } from '../http/types.ts';
import { type ArmState, registryNameIn, registryOf } from '../state.ts';
import { type ImportFailure, importFailures, linkedScopeMessage } from './failures.ts';
import { operationLocation } from './location.ts';
import type { ImportStart } from './operations.ts';
import { anyRegistryClient, backendClient } from './registryClient.ts';
import { type ImportRequest, parseImportRequest } from './request.ts';

/** Accepts the import; whatever is wrong with the source or the target is told at the poll. */
export const importImage: Handler = (state, request) => {
  const registry = registryOf(state, request.params);
  const wanted = parseImportRequest(request.body);
  const operation = state.imports.start({
    id: operationId(state, request),
    request: wanted,
    registry,
    target: {
      registry,
      client: backendClient(state.transport, registry.backend),
      ...(isFrom(wanted, registry) ? { mountFrom: wanted.image.repository } : {}),
    },
    ...sourceOf(state, request, wanted, registry),
  });
  return {
    status: 202,
    headers: {
      'api-supported-versions': request.apiVersion,
      location: operationLocation(state, operation.id, request.apiVersion),
      ...state.retryAfter,
    },
  };
};

/** The client's own request id becomes the operation's, unless it has been used. */
function operationId(state: ArmState, request: ArmRequest): string {
  const given = request.headers['x-ms-client-request-id'];
  const usable = typeof given === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given);
  const id = usable ? `registries-${given}` : `registries-${state.newId()}`;
  return state.imports.find(id) ? `registries-${state.newId()}` : id;
}

/** Whether source and target are one registry, by whichever of its names. */
function isFrom({ from }: ImportRequest, registry: LocalRegistry): boolean {
  return from.kind === 'resource'
    ? registryNameIn(from.resourceId) === registry.name.toLowerCase()
    : from.uri === registry.loginServer;
}

/** By resource id the source is one of our registries and needs no login; by address it is any registry. */
function sourceOf(
  state: ArmState,
  request: ArmRequest,
  wanted: ImportRequest,
  target: LocalRegistry,
): Pick<ImportStart, 'source' | 'refused'> {
  const { from, image } = wanted;
  if (from.kind === 'uri') {
    const client = anyRegistryClient(state.transport, from.uri, image.repository, from.credentials);
    return { source: { client, repository: image.repository, ours: false } };
  }
  const name = registryNameIn(from.resourceId) ?? '';
  const registry = state.registries.get(name);
  const denied = registry ? state.imports.decisions.linkedScopeDeniedAt(name) : 'poll';
  const failure = importFailures.linkedScope(request.principalId, target.resourceId, from.resourceId);
  if (denied === 'request') throw forbidden(request.principalId, target.resourceId, from.resourceId, failure);
  if (denied === 'poll' || !registry) return { refused: failure };
  return {
    source: { client: backendClient(state.transport, registry.backend), repository: image.repository, ours: true },
  };
}

function forbidden(principalId: string, target: string, source: string, failure: ImportFailure) {
  return armError(403, failure.code, linkedScopeMessage(principalId, target, source));
}
