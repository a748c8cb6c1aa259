import { expect, test } from 'vitest';
import { nextStep } from '../../../local/events/retry.ts';

const policy = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 };
const answered = (status: number) => ({ status, outcome: '' });

test('a failing event is tried after 10 s, 30 s, 1 m, 5 m, 10 m, 30 m, 1 h, 3 h, 6 h, 12 h, until a day is over', () => {
  const delays: number[] = [];
  let age = 0;
  for (let attempts = 1; ; attempts++) {
    const next = nextStep(answered(500), attempts, age, policy);
    if (next.step !== 'retry') {
      expect(next).toEqual({ step: 'deadLetter', reason: 'TimeToLiveExceeded' });
      break;
    }
    delays.push(next.delay / 1000);
    age += next.delay;
  }
  expect(delays).toEqual([10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200]);
});

test.each([200, 201, 202, 203, 204])('%i is a success', (status) => {
  expect(nextStep(answered(status), 1, 0, policy)).toEqual({ step: 'done' });
});

test.each([
  [400, 'UndeliverableDueToHttpBadRequest'],
  [401, 'UndeliverableDueToHttpUnauthorized'],
  [403, 'UndeliverableDueToHttpForbidden'],
  [413, 'UndeliverableDueToHttpRequestEntityTooLarge'],
])('%i is never tried again', (status, reason) => {
  expect(nextStep(answered(status), 1, 0, policy)).toEqual({ step: 'deadLetter', reason });
});

test.each([
  [205, 10],
  [302, 10],
  [404, 300],
  [408, 120],
  [429, 10],
  [500, 10],
  [503, 30],
])('%i is tried again after %i s', (status, seconds) => {
  expect(nextStep(answered(status), 1, 0, policy)).toEqual({ step: 'retry', delay: seconds * 1000 });
});

test('no answer at all is tried again', () => {
  expect(nextStep({ outcome: 'TimedOut' }, 1, 0, policy)).toEqual({ step: 'retry', delay: 10_000 });
});

test('the number of attempts and the time to live of a subscription are honoured', () => {
  const exhausted = nextStep(answered(500), 3, 0, { ...policy, maxDeliveryAttempts: 3 });
  expect(exhausted).toEqual({ step: 'deadLetter', reason: 'MaxDeliveryAttemptsExceeded' });
  const late = nextStep(answered(500), 1, 55_000, { ...policy, eventTimeToLiveInMinutes: 1 });
  expect(late).toEqual({ step: 'deadLetter', reason: 'TimeToLiveExceeded' });
});
