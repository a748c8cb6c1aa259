import { app } from '@azure/functions';
import { runCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { retry } from '../lib/pipeline/commands/run.ts';

/** Takes a stalled run up again at its stage. */
export const onRetry = runCommand({}, (tracked, id, { pipeline, caller }) => retry(pipeline, tracked, id, caller));

app.http('retry', { methods: ['POST'], route: 'runs/{id}/retry', authLevel, handler: onRetry });
