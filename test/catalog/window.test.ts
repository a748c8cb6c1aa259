import { describe, expect, it } from 'vitest';
import { InvalidWindow, parseWindow, windowState } from '../../src/lib/catalog/window.ts';

function state(window: string, now: string) {
  const result = windowState(parseWindow(window), new Date(now));
  return result.open ? 'open' : `closed until ${result.opensAt.toISOString()}`;
}

describe('parseWindow', () => {
  it('reads days, hours and zone', () => {
    expect(parseWindow(' Mon-Wed,sat 08:00-17:30  Europe/Berlin ')).toEqual({
      text: 'Mon-Wed,sat 08:00-17:30  Europe/Berlin',
      days: new Set([1, 2, 3, 6]),
      from: 480,
      to: 1050,
      zone: 'Europe/Berlin',
    });
  });

  it('reads a range of days that runs over the weekend', () => {
    expect(parseWindow('Fri-Mon 00:00-24:00 UTC').days).toEqual(new Set([5, 6, 7, 1]));
  });

  it.each([
    '',
    'Mon-Fri 08:00-17:00',
    '08:00-17:00 UTC',
    'Mon-Fri 08:00-17:00 UTC now',
    'Mon-Fri 08:00 UTC',
    'Mon-Fri 8-17 UTC',
    'Mon-Fri 08:00-24:01 UTC',
    'Mon-Fri 08:60-17:00 UTC',
    'Mon-Fri 08:00-08:00 UTC',
    'Mon-Fri 24:00-08:00 UTC',
    'Mon-Wed-Fri 08:00-17:00 UTC',
    'Mon, 08:00-17:00 UTC',
    'Mo-Fr 08:00-17:00 UTC',
    'Mon-Fri 08:00-17:00 Europe/Berln',
  ])('refuses %j', (text) => {
    expect(() => parseWindow(text)).toThrow(InvalidWindow);
  });
});

describe('windowState', () => {
  const office = 'Mon-Fri 08:00-17:00 Europe/Berlin';

  it.each([
    ['before it opens', '2026-11-23T06:59:59Z', 'closed until 2026-11-23T07:00:00.000Z'],
    ['at the minute it opens', '2026-11-23T07:00:00Z', 'open'],
    ['just before it closes', '2026-11-23T15:59:59Z', 'open'],
    ['at the minute it closes', '2026-11-23T16:00:00Z', 'closed until 2026-11-24T07:00:00.000Z'],
    ['on Friday evening', '2026-11-27T16:00:00Z', 'closed until 2026-11-30T07:00:00.000Z'],
    ['in summer, an hour earlier by UTC', '2026-07-01T06:00:00Z', 'open'],
    ['over the change to summer time', '2026-03-27T17:00:00Z', 'closed until 2026-03-30T06:00:00.000Z'],
    ['over the change to winter time', '2026-10-23T17:00:00Z', 'closed until 2026-10-26T07:00:00.000Z'],
  ])('knows office hours %s', (_, now, expected) => {
    expect(state(office, now)).toBe(expected);
  });

  it.each([
    ['in the evening', '2026-11-23T23:00:00Z', 'open'],
    ['after midnight, which belongs to the day before', '2026-11-24T05:00:00Z', 'open'],
    ['in the morning', '2026-11-24T06:00:00Z', 'closed until 2026-11-30T22:00:00.000Z'],
  ])('runs over midnight: %s', (_, now, expected) => {
    expect(state('Mon 22:00-06:00 UTC', now)).toBe(expected);
  });

  it('is an hour longer in the night that has the hour twice', () => {
    const night = 'Sat 22:00-06:00 Europe/Berlin';
    expect(state(night, '2026-10-25T04:59:59Z')).toBe('open');
    expect(state(night, '2026-10-25T05:00:00Z')).toBe('closed until 2026-10-31T21:00:00.000Z');
  });

  it('skips the night in which its only hour does not exist', () => {
    expect(state('Sun 02:00-03:00 Europe/Berlin', '2026-03-29T00:30:00Z')).toBe(
      'closed until 2026-04-05T00:00:00.000Z',
    );
  });

  it('opens with the first minute of a day that has no midnight', () => {
    expect(state('Sun 00:00-12:00 America/Sao_Paulo', '2018-11-03T16:00:00Z')).toBe(
      'closed until 2018-11-04T03:00:00.000Z',
    );
  });

  it('goes from one day into the next without a gap, over the end of the week', () => {
    const weekend = 'Sat-Mon 00:00-24:00 UTC';
    for (const now of ['2026-11-21T23:59:59Z', '2026-11-22T00:00:00Z', '2026-11-23T23:59:59Z']) {
      expect(state(weekend, now)).toBe('open');
    }
    expect(state(weekend, '2026-11-24T00:00:00Z')).toBe('closed until 2026-11-28T00:00:00.000Z');
  });

  it('follows the zone, not the machine', () => {
    expect(state('Mon 09:00-10:00 Asia/Kolkata', '2026-11-23T03:30:00Z')).toBe('open');
    expect(state('Mon 09:00-10:00 Pacific/Auckland', '2026-11-22T20:00:00Z')).toBe('open');
  });
});
