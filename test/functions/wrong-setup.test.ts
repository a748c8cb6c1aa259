import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Sluice, startSluice, tickNow } from './sluice.ts';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({ without: ['arm'], catalog: 'buffer: nowhere\nimages: {}\nimagse: {}\n' });
});
afterAll(() => sluice?.close());

test('with a wrong catalog the app still starts, and every function says all that is wrong', async () => {
  expect(sluice.azure.functions.errors).toEqual([]);
  const health = await sluice.call('GET', 'health');
  expect(health.status).toBe(503);
  const problems = health.body.problems.join('\n');
  expect(problems).toMatch(/sluice\.yaml:1:9\s+buffer/);
  expect(problems).toMatch(/imagse/);

  await tickNow(sluice, 'watchUpstream');
  await vi.waitFor(() => expect(sluice.lines.join('\n')).toMatch(/Executed 'Functions.watchUpstream' \(Failed/));
  const log = sluice.lines.join('\n');
  expect(log).toMatch(/Sluice cannot start/);
  expect(log).toMatch(/imagse/);

  for (const [method, path] of [
    ['GET', 'runs'],
    ['POST', 'images/node/tags/9-alpine/hold'],
  ] as const) {
    const answer = await sluice.call(method, path, method === 'POST' ? { reason: 'x' } : undefined);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
  }
});
