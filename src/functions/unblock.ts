import { app } from '@azure/functions';
import { tagCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { digestFrom } from '../lib/api/path.ts';
import { unblock } from '../lib/pipeline/commands/rollback.ts';

/** A blocked digest may be promoted again. */
export const onUnblock = tagCommand({}, (tracked, { pipeline, caller, params }) =>
  unblock(pipeline, tracked, digestFrom(params), caller),
);

app.http('unblock', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/digests/{digest}/unblock',
  authLevel,
  handler: onUnblock,
});
