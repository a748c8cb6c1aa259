import { app } from '@azure/functions';
import { fields } from '../lib/api/body.ts';
import { tagCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { hold } from '../lib/pipeline/commands/hold.ts';

/** Upstream changes of a tag are staged and validated, but not promoted. */
export const onHold = tagCommand({ until: fields.until }, (tracked, { pipeline, caller, body }) =>
  hold(pipeline, tracked, caller, body.until),
);

app.http('hold', { methods: ['POST'], route: 'images/{image}/tags/{tag}/hold', authLevel, handler: onHold });
