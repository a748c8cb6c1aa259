import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';

let sluice: Sluice;
let open: Sluice;
beforeAll(async () => {
  const start = (settings: Record<string, string>) =>
    startSluice({ without: ['arm'], settings: { SLUICE_AUTH: 'entra', ...settings } });
  sluice = await start({ WEBSITE_AUTH_ENABLED: 'True' });
  open = await start({});
});
afterAll(async () => {
  await sluice?.close();
  await open?.close();
});

/** As App Service sends it for somebody who has signed in. */
function signedIn(...roles: string[]): Record<string, string> {
  const claims = [
    { typ: 'preferred_username', val: 'ada@contoso.example' },
    ...roles.map((val) => ({ typ: 'roles', val })),
  ];
  return { 'x-ms-client-principal': Buffer.from(JSON.stringify({ role_typ: 'roles', claims })).toString('base64') };
}

const ask = async (method: 'GET' | 'POST', path: string, headers: Record<string, string>, asked: Sluice = sluice) => {
  const body = method === 'POST' ? { reason: 'x' } : undefined;
  const answer = await asked.call(method, path, body, { 'x-functions-key': '', ...headers });
  return [answer.status, answer.body.detail];
};

test('with sign-in on, the role decides, and a key is worth nothing', async () => {
  const hold = 'images/node/tags/9-alpine/hold';
  expect(await ask('GET', 'runs', {})).toEqual([401, expect.any(String)]);
  expect((await ask('GET', 'health', { 'x-functions-key': sluice.azure.functions.keys.host }))[0]).toBe(401);
  expect((await ask('GET', 'images', signedIn()))[0]).toBe(403);
  expect((await ask('GET', 'images', signedIn('Sluice.Reader')))[0]).toBe(200);
  expect(await ask('POST', hold, signedIn('Sluice.Reader'))).toEqual([
    403,
    expect.stringContaining('ada@contoso.example'),
  ]);
  // Let through; the tag has never been looked at.
  expect(await ask('POST', hold, signedIn('Sluice.Operator'))).toEqual([
    404,
    expect.stringContaining('never looked at'),
  ]);
});

test('where the platform does not show that sign-in is on, nobody is let in, and health says why', async () => {
  const why = expect.stringContaining('WEBSITE_AUTH_ENABLED is not true');
  const forged = signedIn('Sluice.Operator');
  for (const [method, path] of [
    ['GET', 'health'],
    ['GET', 'images'],
    ['POST', 'images/node/tags/9-alpine/hold'],
  ] as const) {
    expect(await ask(method, path, forged, open)).toEqual([503, why]);
  }
});
