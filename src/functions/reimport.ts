import { app } from '@azure/functions';
import { fields } from '../lib/api/body.ts';
import { tagCommand } from '../lib/api/command.ts';
import { authLevel } from '../lib/api/endpoint.ts';
import { reimport } from '../lib/pipeline/commands/run.ts';

/** Looks upstream now; `force` makes a run, and a new validation, even where nothing changed. */
export const onReimport = tagCommand({ force: fields.force }, (tracked, { pipeline, caller, body }) =>
  reimport(pipeline, tracked, caller, body.force ?? false),
);

app.http('reimport', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/reimport',
  authLevel,
  handler: onReimport,
});
