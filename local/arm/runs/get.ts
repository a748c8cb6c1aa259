import type { Handler } from '../http/types.ts';
import { runDocument } from './document.ts';
import { runOf } from './lookup.ts';

export const getRun: Handler = (state, request) => ({
  status: 200,
  body: runDocument(state, runOf(state, request)),
});
