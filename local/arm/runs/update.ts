import * as z from 'zod';
import { parseBody } from '../http/parse.ts';
import type { Handler } from '../http/types.ts';
import { runDocument } from './document.ts';
import { runOf } from './lookup.ts';

const schema = z.strictObject({ isArchiveEnabled: z.boolean().optional() });

export const updateRun: Handler = (state, request) => {
  const run = runOf(state, request);
  const { isArchiveEnabled } = parseBody(schema, request.body, 'RunUpdateParameters');
  const updated = isArchiveEnabled === undefined ? run : state.runs.update(run, { isArchiveEnabled });
  return { status: 200, body: runDocument(state, updated) };
};
