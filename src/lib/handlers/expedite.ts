import { runCommand } from '../api/command.ts';
import { expedite } from '../pipeline/commands/approval.ts';

/** One run passes soak and window. */
export const onExpedite = runCommand({}, (tracked, id, { pipeline, caller }) =>
  expedite(pipeline, tracked, id, caller),
);
