import { tasksProviderError } from '../http/errors.ts';
import type { ArmRequest } from '../http/types.ts';
import { type ArmState, registryOf } from '../state.ts';
import type { RunRecord } from './store.ts';

export function runOf(state: ArmState, request: ArmRequest): RunRecord {
  const id = request.params.runId ?? '';
  const run = state.runs.get(registryOf(state, request.params).name, id);
  if (!run) throw tasksProviderError(404, 'EntityNotFound', `The run '${id}' could not be found.`);
  return run;
}
