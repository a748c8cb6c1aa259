import { app } from '@azure/functions';
import { fields } from '../lib/api/body.ts';
import { imageCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { holdImage } from '../lib/pipeline/commands/hold.ts';

/** Holds every tag of an image, also those that appear meanwhile. */
export const onHoldImage = imageCommand({ until: fields.until }, ({ name }, tags, { pipeline, caller, body }) =>
  holdImage(pipeline, name, tags, caller, body.until),
);

app.http('holdImage', { methods: ['POST'], route: 'images/{image}/hold', authLevel, handler: onHoldImage });
