import { describe, expect, it } from 'vitest';
import { type Next, nextForStatus, nextOf, PortError } from '../../src/lib/pipeline/errors.ts';

const table: [next: Next, statuses: (number | undefined)[]][] = [
  ['retry', [undefined, 408, 409, 412, 425, 429, 500, 502, 503, 504]],
  ['stall', [401, 403, 404, 405]],
  ['bug', [400, 410, 411, 413, 422]],
];

describe('what happens next', () => {
  it.each(table.flatMap(([next, statuses]) => statuses.map((status) => [status, next] as const)))(
    'after HTTP status %s is: %s',
    (status, next) => {
      expect(nextForStatus(status)).toBe(next);
    },
  );

  it('is what a port says, whatever status was behind it', () => {
    const cause = Object.assign(new Error('Forbidden'), { statusCode: 403 });
    const error = new PortError('no', { operation: 'read tag', target: 'a/b:1', next: 'retry' }, { cause });
    expect(nextOf(error)).toBe('retry');
  });

  it("follows the table for an SDK's error", () => {
    expect(nextOf(Object.assign(new Error('Forbidden'), { statusCode: 403 }))).toBe('stall');
  });

  it.each([new Error('socket hang up'), 'text', undefined, { statusCode: 'odd' }])(
    'is another try where no status is known: %s',
    (error) => {
      expect(nextOf(error)).toBe('retry');
    },
  );
});

describe("a port's error", () => {
  it('names the operation and its target, and keeps the original', () => {
    const cause = new Error('ECONNRESET');
    const error = new PortError('no answer', { operation: 'read tag', target: 'a/b:1', next: 'retry' }, { cause });
    expect(error.message).toBe('Could not read tag a/b:1: no answer');
    expect(error.cause).toBe(cause);
  });
});
