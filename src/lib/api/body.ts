import * as z from 'zod';
import { maskSecrets } from '../http/mask.ts';
import { isDigest } from '../image/digest.ts';
import { type FieldError, wrongField, wrongFields } from './problem.ts';

/** Far more than any command needs. */
const longestBody = 16 * 1024;
const longestReason = 500;

const expectedBody = 'an object was expected, such as {"reason": "…"}';
const expectedReason = `a reason was expected: 1 to ${longestReason} characters, for those who read the record later`;

const reason = z
  .string({ error: expectedReason })
  .trim()
  .min(1, expectedReason)
  .max(longestReason, expectedReason)
  .transform(maskSecrets);

/** The members that commands take besides the reason. `until` becomes milliseconds since 1970. */
export const fields = {
  until: z.iso
    .datetime({ offset: true, error: 'a time was expected, with its offset from UTC: 2026-03-01T08:00:00Z' })
    .transform((text) => Date.parse(text))
    .refine((at) => at > Date.now(), 'a time in the future was expected')
    .optional(),
  digest: z
    .string({ error: 'a digest was expected: sha256: and 64 lower-case hex digits' })
    .refine(isDigest, 'a digest was expected: sha256: and 64 lower-case hex digits'),
  force: z.boolean({ error: 'true or false was expected' }).optional(),
};

/** What a command's body must be: the reason, the members that are its own, and no others. */
export function bodySchema<F extends z.ZodRawShape>(own: F) {
  // A member that is not known has a message of its own.
  const error = ({ code }: { readonly code: string }) => (code === 'invalid_type' ? expectedBody : undefined);
  return z.strictObject({ reason, ...own }, { error });
}

export interface RequestBody {
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** Throws a Refusal that names every member that is wrong. */
export async function readBody<T>(request: RequestBody, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    // A form on another site can send anything but JSON with a signed-in person's cookies.
    throw wrongField(415, 'content-type', `the content type is ${type || 'missing'}; expected application/json`);
  }
  const declared = Number(request.headers.get('content-length') ?? 0);
  const text = declared > longestBody ? '' : await request.text();
  if (Math.max(declared, text.length) > longestBody) {
    throw wrongField(413, 'body', `the body is too long; at most ${longestBody} bytes were expected`);
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw wrongFields(parsed.error.issues.flatMap(fieldErrors));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrongField(400, 'body', `the body is not JSON; ${expectedBody}`);
  }
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((field) => ({ field, detail: 'this command takes no such member' }));
  }
  return [{ field: issue.path.join('.') || 'body', detail: issue.message }];
}
