import type { InvocationContext, Timer } from '@azure/functions';
import { expect, test, vi } from 'vitest';
import { onWatchTimer } from '../../src/lib/handlers/watchUpstream.ts';
import { PortError } from '../../src/lib/pipeline/errors.ts';

const advice = 'Create the tables: deploy the infrastructure again.';
const failed = new PortError('404', { operation: 'read row', target: 'sluiceTags', next: 'stall', advice });
const report = {
  tags: 9,
  changed: ['node:1'],
  unknown: [{ tracked: 'python', why: 'ghcr.io answered 500' }],
  postponed: 4,
  failures: [{ tracked: 'node:2', error: failed }],
};

vi.mock('../../src/lib/pipeline/watch.ts', () => ({ watchUpstream: async () => report }));
vi.mock('../../src/lib/invocation.ts', () => ({
  invoke: (_: unknown, work: (given: unknown) => unknown) => work({ pipeline: { upstream: {}, buffer: {} } }),
}));

test('a look upstream tells what it left to a later tick, and each trouble with what to do', async () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line));
  const context = { functionName: 'watchUpstream', invocationId: 'i', log: write, warn: write, error: write };
  await onWatchTimer({} as Timer, context as unknown as InvocationContext);
  expect(lines).toMatchObject([
    { name: 'sluice.trouble', of: 'python', why: 'ghcr.io answered 500' },
    { name: 'sluice.trouble', of: 'node:2', why: `Could not read row sluiceTags: 404. ${advice}` },
    { name: 'sluice.tick', function: 'watchUpstream', tags: 9, changed: 1, postponed: 4, unknown: 2 },
  ]);
});
