import { app } from '@azure/functions';
import { runCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { expedite } from '../lib/pipeline/commands/approval.ts';

/** One run passes soak and window. */
export const onExpedite = runCommand({}, (tracked, id, { pipeline, caller }) =>
  expedite(pipeline, tracked, id, caller),
);

app.http('expedite', { methods: ['POST'], route: 'runs/{id}/expedite', authLevel, handler: onExpedite });
