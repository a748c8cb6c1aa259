import { fields } from '../api/body.ts';
import { imageCommand } from '../api/command.ts';
import { holdImage } from '../pipeline/commands/hold.ts';

/** Holds every tag of an image, also those that appear meanwhile. */
export const onHoldImage = imageCommand({ until: fields.until }, ({ name }, tags, { pipeline, caller, body }) =>
  holdImage(pipeline, name, tags, caller, body.until),
);
