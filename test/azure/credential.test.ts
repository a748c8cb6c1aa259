import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCredential } from '../../src/lib/azure/credential.ts';
import { type Front, type Rule, startFront } from '../upstream/front.ts';

// The library keeps the endpoint, and tokens by their audience, for the whole process.
let front: Front;
let rule: Rule = () => undefined;
let scope = '';
beforeAll(async () => {
  front = await startFront({ rule: (seen) => rule(seen) });
  process.env.IDENTITY_ENDPOINT = `${front.origin}/token`;
  process.env.IDENTITY_HEADER = 'header';
});
afterAll(() => front?.close());
beforeEach(() => {
  front.seen.length = 0;
  scope = `https://audience-${++serial}.example/.default`;
});

let serial = 0;
const tokens =
  (seconds: number): Rule =>
  ({ query }) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      access_token: `token-${++serial}`,
      expires_on: String(Math.floor(Date.now() / 1000) + seconds),
      resource: query.get('resource'),
      token_type: 'Bearer',
    }),
  });

const other = 'https://storage.azure.com/.default';

describe('tokens of the app itself', () => {
  it('are fetched once for each audience, however many clients ask at the same time', async () => {
    rule = tokens(3600);
    const credential = createCredential({ identityClientId: undefined });
    const wanted = [scope, other, scope, [scope], scope, other].map((one) => credential.getToken(one));
    const got = await Promise.all(wanted);
    expect(new Set(got.map((token) => token?.token)).size).toBe(2);
    expect(front.seen.length).toBe(2);
  });

  it('name the user-assigned identity that is set', async () => {
    rule = tokens(3600);
    await createCredential({ identityClientId: '11111111-1111-1111-1111-111111111111' }).getToken(scope);
    expect(front.seen[0]?.query.get('client_id')).toBe('11111111-1111-1111-1111-111111111111');
  });

  it('that could not be fetched are asked for again by the next', async () => {
    let broken = true;
    rule = (seen) => (broken ? { status: 400, body: '{}' } : tokens(3600)(seen));
    const credential = createCredential({ identityClientId: undefined });
    await expect(credential.getToken(scope)).rejects.toThrow();
    broken = false;
    expect((await credential.getToken(scope))?.token).toMatch(/^token-/);
  });

  it('that do not come in time fail whoever waits, and only them', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    rule = async (seen) => {
      await held;
      return tokens(3600)(seen) as Awaited<ReturnType<Rule>> & object;
    };
    const credential = createCredential({ identityClientId: undefined });
    const patient = credential.getToken(scope);
    await expect(credential.getToken(scope, { abortSignal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: 'AbortError',
    });
    release?.();
    expect((await patient)?.token).toMatch(/^token-/);
    expect(front.seen.length).toBe(1);
  });
});
