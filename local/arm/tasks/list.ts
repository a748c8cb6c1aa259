import { page } from '../http/page.ts';
import type { Handler } from '../http/types.ts';
import { registryOf } from '../state.ts';
import { taskDocument } from './document.ts';

export const listTasks: Handler = (state, request) => {
  const tasks = state.tasks.list(registryOf(state, request.params).name);
  return { status: 200, body: page(state, request, tasks, (task) => taskDocument(state, task)) };
};
