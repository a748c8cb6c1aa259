import type { Handler } from '../http/types.ts';
import { taskDocument } from './document.ts';
import { taskOf } from './lookup.ts';

export const getTask: Handler = (state, request) => ({
  status: 200,
  body: taskDocument(state, taskOf(state, request)),
});

/** `POST …/listDetails`: the task with its secrets. */
export const getTaskDetails: Handler = (state, request) => ({
  status: 200,
  body: taskDocument(state, taskOf(state, request), true),
});
