import { app } from '@azure/functions';
import { runCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { cancel } from '../lib/pipeline/commands/run.ts';

/** Ends a run. */
export const onCancel = runCommand({}, (tracked, id, { pipeline, caller }) => cancel(pipeline, tracked, id, caller));

app.http('cancel', { methods: ['POST'], route: 'runs/{id}/cancel', authLevel, handler: onCancel });
