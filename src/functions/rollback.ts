import { app } from '@azure/functions';
import { fields } from '../lib/api/body.ts';
import { tagCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { rollBackOne } from '../lib/pipeline/commands/roll-back-one.ts';
import { rollback } from '../lib/pipeline/commands/rollback.ts';

/** Moves the stable tag back to an earlier digest: the one that is named, or the newest. */
export const onRollback = tagCommand(
  { digest: fields.digest.optional() },
  async (tracked, { app, pipeline, caller, body: { digest } }) =>
    digest ? rollback(pipeline, tracked, digest, caller) : rollBackOne(pipeline, await app.history(), tracked, caller),
);

app.http('rollback', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/rollback',
  authLevel,
  handler: onRollback,
});
