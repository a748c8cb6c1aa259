import { fields } from '../api/body.ts';
import { tagCommand } from '../api/command.ts';
import { rollBackOne } from '../pipeline/commands/roll-back-one.ts';
import { rollback } from '../pipeline/commands/rollback.ts';

/** Moves the stable tag back to an earlier digest: the one that is named, or the newest. */
export const onRollback = tagCommand(
  { digest: fields.digest.optional() },
  async (tracked, { app, pipeline, caller, body: { digest } }) =>
    digest ? rollback(pipeline, tracked, digest, caller) : rollBackOne(pipeline, await app.history(), tracked, caller),
);
