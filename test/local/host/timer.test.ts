import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeStart } from '../../../local/host/timer/listener.ts';
import { retryPolicy } from '../../../local/host/timer/retry.ts';
import { parseSchedule, type Schedule } from '../../../local/host/timer/schedule.ts';
import { createHostFixture, type HostFixture, until } from './fixture.ts';

const schedule = (expression: string, timeZone = 'UTC'): Schedule => {
  const parsed = parseSchedule(expression, timeZone);
  if (!parsed) throw new Error(`${expression} was refused`);
  return parsed;
};

describe('a schedule', () => {
  test.each([
    ['*/15 * * * * *', '2026-01-01T00:00:01Z', '2026-01-01T00:00:15Z'],
    ['0 */5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
    ['*/5 * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:05:00Z'],
    ['0 30 9 * * Mon-Fri', '2026-01-03T00:00:00Z', '2026-01-05T09:30:00Z'],
    ['0 0 0 1 Jan,Jul *', '2026-02-01T00:00:00Z', '2026-07-01T00:00:00Z'],
    // Day of month and day of week must both match: the next Friday the 13th, not the next Friday or 13th.
    ['0 0 12 13 * 5', '2026-01-01T00:00:00Z', '2026-02-13T12:00:00Z'],
    ['00:10:00', '2026-01-01T00:00:07Z', '2026-01-01T00:10:07Z'],
  ])('%s after %s is %s', (expression, after, next) => {
    expect(schedule(expression).next(new Date(after))).toEqual(new Date(next));
  });

  test('follows the time zone of WEBSITE_TIME_ZONE', () => {
    const berlin = schedule('0 0 9 * * *', 'Europe/Berlin');
    expect(berlin.next(new Date('2026-07-01T00:00:00Z'))).toEqual(new Date('2026-07-01T07:00:00Z'));
  });

  test.each([
    '',
    '* * * *',
    '@daily',
    '0 0 0 L * *',
    '0 0 0 ? * 1',
    '61 * * * * *',
    '0 0 25 * * *',
    'never',
    '0 0 0 1 foo *',
    '00:00:00',
  ])('%j is refused', (expression) => {
    expect(parseSchedule(expression, 'UTC')).toBeUndefined();
  });

  test('knows whether it recurs within a minute', () => {
    expect(schedule('*/30 * * * * *').isSubMinute).toBe(true);
    expect(schedule('0 * * * * *').isSubMinute).toBe(false);
    expect(schedule('00:00:59').isSubMinute).toBe(true);
  });
});

describe('at the start of the host', () => {
  const hourly = schedule('0 0 * * * *');
  const now = new Date('2026-01-01T12:30:00Z');
  const stored = (lastUpdated: string, next: string) => ({ Last: lastUpdated, Next: next, LastUpdated: lastUpdated });

  test('an occurrence that came while nobody ran is past due, however many were missed', () => {
    const { isPastDue } = judgeStart(stored('2026-01-01T07:00:00.000Z', '2026-01-01T08:00:00.000Z'), hourly, now);
    expect(isPastDue).toBe(true);
  });

  test('an occurrence that is still to come is not', () => {
    const { isPastDue, status } = judgeStart(
      stored('2026-01-01T12:00:00.000Z', '2026-01-01T13:00:00.000Z'),
      hourly,
      now,
    );
    expect([isPastDue, status.Next]).toEqual([false, '2026-01-01T13:00:00.000Z']);
  });

  test('a timer that never ran waits for its first occurrence', () => {
    const { isPastDue, status } = judgeStart(undefined, hourly, now);
    expect([isPastDue, status.Next]).toEqual([false, '2026-01-01T13:00:00.000Z']);
  });

  test('a schedule that was changed begins anew instead of being past due', () => {
    const daily = stored('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z');
    const { isPastDue, status } = judgeStart(daily, hourly, now);
    expect([isPastDue, status.Next]).toEqual([false, '2026-01-01T13:00:00.000Z']);
  });
});

test('a fixed delay stays the same, an exponential one grows between its two intervals', () => {
  const fixed = retryPolicy({ retryStrategy: 'fixedDelay', maxRetryCount: 2, delayInterval: { seconds: 3 } });
  expect([1, 2].map((retry) => fixed?.delay(retry, Math.random))).toEqual([3000, 3000]);
  const growing = retryPolicy({
    retryStrategy: 'exponentialBackoff',
    maxRetryCount: -1,
    minimumInterval: { seconds: 1 },
    maximumInterval: { seconds: 10 },
  });
  expect(growing?.maxRetryCount).toBeUndefined();
  expect([1, 2, 3, 4, 9].map((retry) => growing?.delay(retry, () => 0.5))).toEqual([1000, 2000, 4000, 8000, 10_000]);
});

describe('in the host', () => {
  let fixture: HostFixture;
  beforeAll(async () => {
    fixture = await createHostFixture();
  });
  afterAll(() => fixture?.close());

  const yearlyStatus = async () => {
    const service = BlobServiceClient.fromConnectionString(fixture.storage.connectionString);
    const blob = service
      .getContainerClient('azure-webjobs-hosts')
      .getBlockBlobClient('timers/fixed/Host.Functions.yearly/status');
    return { blob, read: async () => JSON.parse((await blob.downloadToBuffer()).toString()) as Record<string, string> };
  };

  test('runs on its schedule and never overlaps itself, though it takes longer than the schedule', async () => {
    const app = await fixture.start({ settings: { 'AzureWebJobs.everySecond.Disabled': 'false' } });
    await until(async () => expect((await app.seen('everySecond')).length).toBeGreaterThanOrEqual(3));
    const times = (await app.seen('everySecond')).map(({ at }) => at);
    // The function takes 1.2 seconds.
    for (const [index, at] of times.slice(1).entries()) expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(1190);
    expect((await app.seen('everySecond'))[0]?.input).toMatchObject({
      isPastDue: false,
      schedule: { adjustForDST: true },
    });
  });

  test('keeps its status in a blob, and an occurrence missed since is made up for once, as past due', async () => {
    const settings = { AzureFunctionsWebHost__hostid: 'fixed' };
    const first = await fixture.start({ settings });
    const { blob, read } = await yearlyStatus();
    await until(async () => expect(Date.parse((await read()).Next ?? '')).toBeGreaterThan(Date.now()));
    expect(await first.seen('yearly')).toEqual([]);
    await first.close();

    const missed = {
      Last: '2024-01-01T05:00:00.000Z',
      Next: '2025-01-01T05:00:00.000Z',
      LastUpdated: '2024-01-01T05:00:00.000Z',
    };
    const text = JSON.stringify(missed);
    await blob.upload(text, text.length);
    const second = await fixture.start({ settings });
    await until(async () => expect(await second.seen('yearly')).toHaveLength(1));
    expect((await second.seen('yearly'))[0]?.input).toMatchObject({
      isPastDue: true,
      scheduleStatus: { next: '2025-01-01T05:00:00.000Z' },
    });
    await until(async () => expect(Date.parse((await read()).Next ?? '')).toBeGreaterThan(Date.now()));
    expect(await second.seen('yearly')).toHaveLength(1);
  });

  test('a retry policy calls again and tells which try it is; runOnStartup calls at once', async () => {
    const app = await fixture.start({ settings: { 'AzureWebJobs.retried.Disabled': 'false' } });
    await until(async () => expect(await app.seen('retried')).toHaveLength(3));
    expect((await app.seen('retried')).map(({ input }) => input)).toEqual([
      { retryCount: 0, maxRetryCount: 3 },
      { retryCount: 1, maxRetryCount: 3, exception: { message: 'again', stackTrace: expect.any(String) } },
      { retryCount: 2, maxRetryCount: 3, exception: { message: 'again', stackTrace: expect.any(String) } },
    ]);
  });
});
