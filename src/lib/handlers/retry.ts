import { runCommand } from '../api/command.ts';
import { retry } from '../pipeline/commands/run.ts';

/** Takes a stalled run up again at its stage. */
export const onRetry = runCommand({}, (tracked, id, { pipeline, caller }) => retry(pipeline, tracked, id, caller));
