import { tasksProviderError } from '../http/errors.ts';
import type { ArmRequest } from '../http/types.ts';
import { type ArmState, registryOf } from '../state.ts';
import type { TaskRecord } from './store.ts';

export function taskOf(state: ArmState, request: ArmRequest): TaskRecord {
  const name = request.params.taskName ?? '';
  const task = state.tasks.get(registryOf(state, request.params).name, name);
  if (!task) throw taskNotFound(name);
  return task;
}

export function taskNotFound(name: string) {
  return tasksProviderError(404, 'EntityNotFound', `The task '${name}' could not be found.`);
}
