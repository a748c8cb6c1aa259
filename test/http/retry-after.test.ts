import { expect, it } from 'vitest';
import { retryAfterMs } from '../../src/lib/http/retry-after.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

it.each([
  ['0', 0],
  ['10', 10_000],
  [' 2 ', 2000],
  ['Sun, 01 Mar 2026 12:01:00 GMT', 60_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
])('reads %j', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

it.each([null, undefined, '', 'soon', '-5', 'Infinity', '1e3'])('reads nothing from %j', (header) => {
  expect(retryAfterMs(header, now)).toBeUndefined();
});
