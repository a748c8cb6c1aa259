import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/lib/catalog/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['1d12h', 129_600_000],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '5', 'h', '-1h', '1.5h', '1 h', '1h1d', '1w', '24H', '9999999999999999d'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each(['0s', '1m30s', '1d', '1d12h', '7d'])('writes what parseDuration reads: %s', (text) => {
    expect(formatDuration(parseDuration(text) ?? -1)).toBe(text);
  });
});
