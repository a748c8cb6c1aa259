import type { TrackedTag } from './model.ts';

/** The one kind of message: take this run on, if it is still at this version. */
export interface Message {
  readonly tracked: TrackedTag;
  readonly run: string;
  readonly version: number;
}
