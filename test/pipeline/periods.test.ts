import { describe, expect, it } from 'vitest';
import { defaultPeriods, parsePeriods } from '../../src/lib/pipeline/periods.ts';

describe('periods', () => {
  it('are the defaults where nothing is set', () => {
    expect(parsePeriods({ OTHER: '1' })).toEqual(defaultPeriods);
  });

  it.each([
    ['SLUICE_PERIOD_POLL', '20', 'poll', 20_000],
    ['SLUICE_PERIOD_POLL', '0.5', 'poll', 500],
    ['SLUICE_PERIOD_INLINE', '0', 'inline', 0],
    ['SLUICE_PERIOD_CLOCK_SKEW', '60', 'clockSkew', 60_000],
    ['SLUICE_PERIOD_IMPORT_DEADLINE', '1800', 'importDeadline', 1_800_000],
  ] as const)('are read from settings in seconds: %s=%s', (setting, text, name, value) => {
    expect(parsePeriods({ [setting]: text })).toEqual({ ...defaultPeriods, [name]: value });
  });

  it.each([
    ['SLUICE_PERIOD_POLL', '61'],
    ['SLUICE_PERIOD_POLL', '-1'],
    ['SLUICE_PERIOD_POLL', 'ten'],
    ['SLUICE_PERIOD_POLL', ''],
    ['SLUICE_PERIOD_POLL', ' '],
    ['SLUICE_PERIOD_POLL', 'NaN'],
    ['SLUICE_PERIOD_INLINE', ''],
    ['SLUICE_PERIOD_EFFECT_AFTER_READ', '31'],
  ])('are refused where they are no number within their bounds: %s=%j', (setting, text) => {
    expect(() => parsePeriods({ [setting]: text })).toThrow(`${setting} is '${text}'; expected seconds from `);
  });

  it.each([
    [{ SLUICE_PERIOD_INTENT_OLD: '119' }, 'intentOld must be at least effectAfterRead + requestLife'],
    [{ SLUICE_PERIOD_REQUEST_LIFE: '100' }, 'intentOld must be at least effectAfterRead + requestLife'],
    [{ SLUICE_PERIOD_ORPHAN: '210' }, 'orphan must exceed creation + requestLife'],
    [{ SLUICE_PERIOD_OVERDUE: '300' }, 'overdue must exceed dueSlack'],
    [{ SLUICE_PERIOD_IMPORT_DEADLINE: '89' }, 'importDeadline must be at least requestLife'],
  ])('are refused where one contradicts another: %j', (settings, message) => {
    expect(() => parsePeriods(settings)).toThrow(message);
  });

  it.each([
    { SLUICE_PERIOD_INTENT_OLD: '120', SLUICE_PERIOD_REQUEST_LIFE: '90' },
    { SLUICE_PERIOD_ORPHAN: '211' },
    { SLUICE_PERIOD_OVERDUE: '301' },
    { SLUICE_PERIOD_IMPORT_DEADLINE: '90' },
    { SLUICE_PERIOD_REQUEST_LIFE: '600', SLUICE_PERIOD_INTENT_OLD: '630', SLUICE_PERIOD_ORPHAN: '721' },
  ])('are taken where they agree: %j', (settings) => {
    expect(() => parsePeriods(settings)).not.toThrow();
  });

  it('are refused with all that is wrong at once', () => {
    const wrong = { SLUICE_PERIOD_POLL: 'x', SLUICE_PERIOD_GRACE: '-1', SLUICE_PERIOD_OVERDUE: '1' };
    expect(() => parsePeriods(wrong)).toThrow(/SLUICE_PERIOD_POLL.*SLUICE_PERIOD_GRACE.*overdue must exceed/s);
  });
});
