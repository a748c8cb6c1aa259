import { imageCommand } from '../api/command.ts';
import { resumeImage } from '../pipeline/commands/hold.ts';

/** Ends the hold of an image and of all its tags. */
export const onResumeImage = imageCommand({}, ({ name }, tags, { pipeline, caller }) =>
  resumeImage(pipeline, name, tags, caller),
);
