import type { Handler } from '../http/types.ts';
import { runOf } from './lookup.ts';

export const listLogSasUrl: Handler = async (state, request) => ({
  status: 200,
  body: { logLink: await state.logs.link(runOf(state, request)) },
});
