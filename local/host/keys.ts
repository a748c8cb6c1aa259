import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { AuthLevel } from './bindings.ts';

const schema = z.object({ master: z.string().min(1), host: z.string().min(1), eventGrid: z.string().min(1) });

/** The keys of one host. Every function has one of its own too, made from the master key. */
export type HostKeys = z.infer<typeof schema>;

const key = (): string => randomBytes(32).toString('base64url');

export const createKeys = (): HostKeys => ({ master: key(), host: key(), eventGrid: key() });

export const parseKeys = (text: string): HostKeys => schema.parse(JSON.parse(text));

export const functionKey = (keys: HostKeys, name: string): string =>
  createHmac('sha256', keys.master).update(`function ${name.toLowerCase()}`).digest('base64url');

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time, whatever the lengths. */
const same = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected));

const isOneOf = (given: string | undefined, expected: readonly string[]): boolean =>
  given !== undefined && expected.map((one) => same(given, one)).includes(true);

/** `function` takes the function's, the host's or the master key; `admin` the master key only. */
export function isAllowed(keys: HostKeys, level: AuthLevel, name: string, given: string | undefined): boolean {
  if (level === 'anonymous') return true;
  if (level === 'admin') return isOneOf(given, [keys.master]);
  return isOneOf(given, [keys.master, keys.host, functionKey(keys, name)]);
}

/** The Event Grid webhook takes its system key or the master key. */
export const isEventGridKey = (keys: HostKeys, given: string | undefined): boolean =>
  isOneOf(given, [keys.eventGrid, keys.master]);
