import { describe, expect, it } from 'vitest';
import { failureOf, portError } from '../../src/lib/azure/errors.ts';
import { explain } from '../../src/lib/pipeline/errors.ts';

function restError(status: number, body: unknown, headers: Record<string, string> = {}) {
  return Object.assign(new Error('the SDK says little'), {
    name: 'RestError',
    statusCode: status,
    request: { headers: { authorization: 'Bearer planted-token' } },
    response: { bodyAsText: JSON.stringify(body), headers: { get: (name: string) => headers[name] } },
  });
}

const denied =
  "The client 'x' with object id 'x' does not have authorization to perform action 'Microsoft.ContainerRegistry/registries/scheduleRun/action' over scope '/subscriptions/s/registries/contoso' or the scope is invalid.";

describe('an error of the SDK', () => {
  it.each([
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
    [408, 'retry'],
    [409, 'retry'],
    [401, 'stall'],
    [403, 'stall'],
    [404, 'stall'],
    [400, 'bug'],
  ] as const)('of status %i: %s', (status, next) => {
    const error = portError(restError(status, { error: { code: 'X', message: 'm' } }), 'read tag', 'contoso/app:1');
    expect(error.details.next).toBe(next);
  });

  it('names operation, target, the message of the body and the status', () => {
    const error = portError(restError(500, { error: { code: 'X', message: 'it broke' } }), 'read tag', 'contoso/app:1');
    expect(error.message).toBe('Could not read tag contoso/app:1: it broke (500)');
  });

  it("reads a registry's own errors", () => {
    const body = { errors: [{ code: 'UNSUPPORTED', message: 'The operation is disallowed' }] };
    expect(failureOf(restError(405, body))).toMatchObject({
      status: 405,
      code: 'UNSUPPORTED',
      message: 'The operation is disallowed',
    });
  });

  it.each([
    [403, { error: { message: denied } }, /'Container Registry Tasks Contributor' on \/subscriptions\/s/],
    [403, { errors: [{ code: 'DENIED', message: 'denied' }] }, /'AcrPull' on contoso\/app:1/],
    [405, { errors: [{ code: 'UNSUPPORTED', message: 'disallowed' }] }, /^Unlock contoso\/app:1.*locked/],
    [401, {}, /SLUICE_REGISTRY_AUDIENCE/],
    [404, {}, /^Check that contoso\/app:1 exists/],
    [403, { error: { message: 'client with IP 1.2.3.4 is not allowed access' } }, /network rules/],
  ])('carries advice: %i %j', (status, body, advice) => {
    expect(portError(restError(status, body), 'read tag', 'contoso/app:1').details.advice).toMatch(advice);
  });

  it('says its advice once, behind the message', () => {
    const error = portError(restError(404, {}), 'read tag', 'contoso/app:1');
    expect(error.message).toBe('Could not read tag contoso/app:1: the SDK says little (404)');
    expect(explain(error)).toBe(
      'Could not read tag contoso/app:1: the SDK says little (404). Check that contoso/app:1 exists, and the names in sluice.yaml',
    );
  });

  it('keeps how long to wait, in milliseconds', () => {
    const error = portError(restError(429, {}, { 'retry-after': '7' }), 'read tag', 'x');
    expect(error.details.retryAfter).toBe(7000);
  });

  it('holds no credential anywhere, also not in its cause', () => {
    const body = { error: { message: 'sent Bearer planted-token-2 to https://x/?sig=planted%2Fsig' } };
    const error = portError(restError(500, body), 'read tag', 'x');
    const everything = `${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.cause)} ${error.cause}`;
    expect(everything).not.toContain('planted');
  });

  it.each([
    ['ECONNREFUSED', true],
    ['ENOTFOUND', true],
    ['ECONNRESET', false],
    ['ETIMEDOUT', false],
  ])('%s: certainly without effect: %s', (code, without) => {
    expect(failureOf(Object.assign(new Error('x'), { code })).without).toBe(without);
  });
});
