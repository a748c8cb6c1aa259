import type * as z from 'zod';
import { invalidContent } from './errors.ts';

/** A body that must match `schema`; what does not is worded as ARM words it, with the path into the body. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown, type: string): T {
  if (body === undefined) throw invalidContent(`The request body of type '${type}' is missing`);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (!issue) throw invalidContent(`The body is not a ${type}`);
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const at = path === '' ? key : `${path}.${key}`;
    throw invalidContent(`Could not find member '${key}' on object of type '${type}'. Path '${at}'`);
  }
  throw invalidContent(`${issue.message}. Path '${path}'`);
}
