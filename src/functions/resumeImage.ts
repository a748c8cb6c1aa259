import { app } from '@azure/functions';
import { imageCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { resumeImage } from '../lib/pipeline/commands/hold.ts';

/** Ends the hold of an image and of all its tags. */
export const onResumeImage = imageCommand({}, ({ name }, tags, { pipeline, caller }) =>
  resumeImage(pipeline, name, tags, caller),
);

app.http('resumeImage', { methods: ['POST'], route: 'images/{image}/resume', authLevel, handler: onResumeImage });
