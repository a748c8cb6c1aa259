import { invalidContent } from '../http/errors.ts';
import { parseBody } from '../http/parse.ts';
import type { Handler } from '../http/types.ts';
import { taskDocument } from './document.ts';
import { taskOf } from './lookup.ts';
import { mergePatch, writableBody } from './merge.ts';
import { taskSchema } from './schema.ts';

/** Changes what the body names and keeps the rest; null takes a member away. */
export const updateTask: Handler = (state, request) => {
  const former = taskOf(state, request);
  if (typeof request.body !== 'object' || request.body === null || Array.isArray(request.body)) {
    throw invalidContent("An object of type 'TaskUpdateParameters' is expected");
  }
  const merged = writableBody(mergePatch(former.content, request.body));
  const content = parseBody(taskSchema, merged, 'TaskUpdateParameters');
  const task = { ...former, content, modifiedBy: request.principalId, modifiedAt: state.clock.now() };
  state.tasks.put(task);
  return { status: 200, body: taskDocument(state, task) };
};
