import type { ArmResponse } from './types.ts';

/** An expected failure of a request: its response, thrown from below a handler. */
export class ArmError extends Error {
  readonly response: ArmResponse;

  constructor(response: ArmResponse) {
    super(JSON.stringify(response.body));
    this.name = 'ArmError';
    this.response = response;
  }
}

/** ARM's own error body. */
export function armError(status: number, code: string, message: string, headers?: Record<string, string>): ArmError {
  return new ArmError({ status, body: { error: { code, message } }, ...(headers ? { headers } : {}) });
}

/** An error of the registry provider behind ARM, which adds `status`. */
export function registryProviderError(status: number, code: string, message: string): ArmError {
  return new ArmError({ status, body: { error: { code, message }, status: 'Failed' } });
}

/** An error of the tasks provider (tasks, runs, scheduleRun), which adds `target`. */
export function tasksProviderError(status: number, code: string, message: string): ArmError {
  return new ArmError({ status, body: { error: { code, message, target: 'request' } } });
}

export function invalidContent(detail: string): ArmError {
  return armError(
    400,
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: '${detail}'.`,
  );
}

/** A resource ARM itself knows not to exist: a registry. */
export function resourceNotFound(type: string, name: string, resourceGroup: string): ArmError {
  return armError(
    404,
    'ResourceNotFound',
    `The Resource 'Microsoft.ContainerRegistry/${type}/${name}' under resource group '${resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}
