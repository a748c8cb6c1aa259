import { app } from '@azure/functions';
import { fields } from '../lib/api/body.ts';
import { runCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { approve } from '../lib/pipeline/commands/approval.ts';

/** Approves the digest that was looked at. */
export const onApprove = runCommand({ digest: fields.digest }, (tracked, id, { pipeline, caller, body }) =>
  approve(pipeline, tracked, id, body.digest, caller),
);

app.http('approve', { methods: ['POST'], route: 'runs/{id}/approve', authLevel, handler: onApprove });
