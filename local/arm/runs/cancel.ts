import type { Handler } from '../http/types.ts';
import { runOf } from './lookup.ts';

/** 200 at once; the run's own status tells when it has ended. A finished run stays as it is. */
export const cancelRun: Handler = (state, request) => {
  state.queue.cancel(runOf(state, request));
  return { status: 200 };
};
