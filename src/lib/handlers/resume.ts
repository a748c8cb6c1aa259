import { tagCommand } from '../api/command.ts';
import { resume } from '../pipeline/commands/hold.ts';

/** Ends the hold of a tag, and promotes the newest digest that passed. */
export const onResume = tagCommand({}, (tracked, { pipeline, caller }) => resume(pipeline, tracked, caller));
