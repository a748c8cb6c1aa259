import { runCommand } from '../api/command.ts';
import { cancel } from '../pipeline/commands/run.ts';

/** Ends a run. */
export const onCancel = runCommand({}, (tracked, id, { pipeline, caller }) => cancel(pipeline, tracked, id, caller));
