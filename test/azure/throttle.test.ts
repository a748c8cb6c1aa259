import { describe, expect, it } from 'vitest';
import { retryPolicy } from '../../src/lib/azure/retry-policy.ts';
import { Throttle } from '../../src/lib/azure/throttle.ts';

type Policy = ReturnType<typeof retryPolicy>;
type Request = Parameters<Policy['sendRequest']>[0];
type Response = Awaited<ReturnType<Policy['sendRequest']>>;

const arm = 'https://management.azure.com/subscriptions/s';

/** Sends one request through the policy to a service that answers as told, the last answer for ever. */
async function send(
  method: string,
  url: string,
  answers: readonly (number | string)[],
  headers = {},
  throttle = new Throttle(),
) {
  let sent = 0;
  const request = { method, url, headers: new Map() } as unknown as Request;
  const next = async (): Promise<Response> => {
    const answer = answers[Math.min(sent++, answers.length - 1)];
    if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer });
    return { status: answer, headers: new Map(Object.entries(headers)), request } as unknown as Response;
  };
  const outcome = await retryPolicy(throttle)
    .sendRequest(request, next)
    .then(
      ({ status }) => status,
      (error: Error) => (error.name === 'NotSent' ? error.name : (error as { code?: string }).code),
    );
  return { outcome, sent };
}

describe('a request that may be repeated', () => {
  it.each([
    ['GET', arm, [503, 200], 200, 2],
    ['GET', arm, ['ECONNRESET', 200], 200, 2],
    ['DELETE', 'https://r.example/acr/v1/a/_tags/b', [500, 202], 202, 2],
    ['POST', 'https://r.example/oauth2/token', [502, 200], 200, 2],
    ['GET', arm, [500], 500, 3],
    ['GET', arm, [404], 404, 1],
  ] as const)('%s %s, answered %j', async (method, url, answers, outcome, sent) => {
    expect(await send(method, url, answers)).toEqual({ outcome, sent });
  });
});

describe('a request that is sent once, whatever comes back', () => {
  it.each([
    ['POST', `${arm}/registries/r/importImage`],
    ['POST', `${arm}/registries/r/scheduleRun`],
    ['PUT', 'https://r.example/v2/a/manifests/b'],
    ['GET', `${arm}/providers/Microsoft.ContainerRegistry/locations/EASTUS/operationResults/registries-1`],
  ])('%s %s', async (method, url) => {
    for (const answer of [500, 503, 429, 'ECONNRESET', 'ETIMEDOUT']) {
      expect(await send(method, url, [answer, 200])).toEqual({ outcome: answer, sent: 1 });
    }
  });
});

describe('a service that asks to wait', () => {
  it('is not asked before its time, reads and writes apart', async () => {
    const throttle = new Throttle();
    expect(await send('GET', arm, [429], { 'retry-after': '60' }, throttle)).toEqual({ outcome: 429, sent: 1 });
    expect(await send('GET', arm, [200], {}, throttle)).toEqual({ outcome: 'NotSent', sent: 0 });
    expect(await send('POST', `${arm}/scheduleRun`, [200], {}, throttle)).toEqual({ outcome: 200, sent: 1 });
  });

  it('is waited for where that is short', async () => {
    expect(await send('GET', arm, [429, 200], { 'retry-after': '0' })).toEqual({ outcome: 200, sent: 2 });
  });
});
