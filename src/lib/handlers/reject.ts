import { fields } from '../api/body.ts';
import { runCommand } from '../api/command.ts';
import { reject } from '../pipeline/commands/approval.ts';

/** Blocks the digest that was looked at, and ends its run. */
export const onReject = runCommand({ digest: fields.digest }, (tracked, id, { pipeline, caller, body }) =>
  reject(pipeline, tracked, id, body.digest, caller),
);
