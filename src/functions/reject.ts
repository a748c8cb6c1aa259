import { app } from '@azure/functions';
import { fields } from '../lib/api/body.ts';
import { runCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { reject } from '../lib/pipeline/commands/approval.ts';

/** Blocks the digest that was looked at, and ends its run. */
export const onReject = runCommand({ digest: fields.digest }, (tracked, id, { pipeline, caller, body }) =>
  reject(pipeline, tracked, id, body.digest, caller),
);

app.http('reject', { methods: ['POST'], route: 'runs/{id}/reject', authLevel, handler: onReject });
