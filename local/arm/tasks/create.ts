import { isDeepStrictEqual } from 'node:util';
import { tasksProviderError } from '../http/errors.ts';
import { parseBody } from '../http/parse.ts';
import type { Handler } from '../http/types.ts';
import { registryOf } from '../state.ts';
import { taskDocument } from './document.ts';
import { writableBody } from './merge.ts';
import { taskSchema } from './schema.ts';
import type { TaskRecord } from './store.ts';

/** Creates a task or replaces it; 200 at once, as Azure answers. What it was built on stays known while its step does. */
export const createTask: Handler = (state, request) => {
  const registry = registryOf(state, request.params);
  const name = request.params.taskName ?? '';
  if (!/^[a-zA-Z0-9-_]{5,50}$/.test(name)) {
    throw tasksProviderError(
      400,
      'InvalidResourceName',
      `The task name '${name}' is invalid: 5 to 50 characters of a-z, A-Z, 0-9, '-' and '_' are expected.`,
    );
  }
  const content = parseBody(taskSchema, request.body === undefined ? undefined : writableBody(request.body), 'Task');
  const former = state.tasks.get(registry.name, name);
  const now = state.clock.now();
  const kept =
    former?.baseImageDependencies && isDeepStrictEqual(former.content.properties.step, content.properties.step)
      ? { baseImageDependencies: former.baseImageDependencies }
      : {};
  const task: TaskRecord = {
    registry: registry.name,
    name: former?.name ?? name,
    content,
    ...kept,
    creationDate: former?.creationDate ?? now,
    createdBy: former?.createdBy ?? request.principalId,
    modifiedBy: request.principalId,
    modifiedAt: now,
    principalId: former?.principalId ?? state.newId(),
  };
  state.tasks.put(task);
  return { status: 200, body: taskDocument(state, task) };
};
