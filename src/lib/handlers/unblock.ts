import { tagCommand } from '../api/command.ts';
import { digestFrom } from '../api/path.ts';
import { unblock } from '../pipeline/commands/rollback.ts';

/** A blocked digest may be promoted again. */
export const onUnblock = tagCommand({}, (tracked, { pipeline, caller, params }) =>
  unblock(pipeline, tracked, digestFrom(params), caller),
);
