import { app } from '@azure/functions';
import { tagCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { resume } from '../lib/pipeline/commands/hold.ts';

/** Ends the hold of a tag, and promotes the newest digest that passed. */
export const onResume = tagCommand({}, (tracked, { pipeline, caller }) => resume(pipeline, tracked, caller));

app.http('resume', { methods: ['POST'], route: 'images/{image}/tags/{tag}/resume', authLevel, handler: onResume });
