import { expect, test } from 'vitest';
import { safeError } from '../../src/lib/log/safe-error.ts';
import { PortError } from '../../src/lib/pipeline/errors.ts';

test('what the host logs of an error has its advice, in the message and where the stack begins, and no credential', () => {
  const details = {
    operation: 'read row',
    target: 'sluiceTags',
    next: 'stall',
    advice: 'Give the app a role.',
  } as const;
  const error = new PortError('password=planted (403)', details, { cause: new Error('planted') });
  const safe = safeError(error);
  const said = 'Could not read row sluiceTags: password=*** (403). Give the app a role.';
  expect(safe.message).toBe(said);
  expect(safe.stack?.startsWith(`PortError: ${said}\n    at `)).toBe(true);
  expect(`${safe.stack} ${JSON.stringify(safe)} ${safe.cause}`).not.toContain('planted');
});
