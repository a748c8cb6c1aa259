import { PortError } from './errors.ts';

/** What the protocol says is there. Where it is not, that is a bug: it is said, and nothing is made up in its place. */
export function certain<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new PortError('it is missing, which is a bug', { operation: 'read', target: what, next: 'bug' });
}
