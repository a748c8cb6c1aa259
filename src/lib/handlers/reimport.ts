import { fields } from '../api/body.ts';
import { tagCommand } from '../api/command.ts';
import { reimport } from '../pipeline/commands/run.ts';

/** Looks upstream now; `force` makes a run, and a new validation, even where nothing changed. */
export const onReimport = tagCommand({ force: fields.force }, (tracked, { pipeline, caller, body }) =>
  reimport(pipeline, tracked, caller, body.force ?? false),
);
