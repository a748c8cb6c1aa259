import { fields } from '../api/body.ts';
import { tagCommand } from '../api/command.ts';
import { hold } from '../pipeline/commands/hold.ts';

/** Upstream changes of a tag are staged and validated, but not promoted. */
export const onHold = tagCommand({ until: fields.until }, (tracked, { pipeline, caller, body }) =>
  hold(pipeline, tracked, caller, body.until),
);
