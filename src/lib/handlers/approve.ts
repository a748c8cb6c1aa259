import { fields } from '../api/body.ts';
import { runCommand } from '../api/command.ts';
import { approve } from '../pipeline/commands/approval.ts';

/** Approves the digest that was looked at. */
export const onApprove = runCommand({ digest: fields.digest }, (tracked, id, { pipeline, caller, body }) =>
  approve(pipeline, tracked, id, body.digest, caller),
);
