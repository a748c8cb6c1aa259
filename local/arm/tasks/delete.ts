import type { Handler } from '../http/types.ts';
import { registryOf } from '../state.ts';

/** 200 with an empty body; 204 where there is nothing to delete. Runs of the task stay. */
export const deleteTask: Handler = (state, request) => {
  const registry = registryOf(state, request.params);
  const deleted = state.tasks.delete(registry.name, request.params.taskName ?? '');
  return { status: deleted ? 200 : 204 };
};
