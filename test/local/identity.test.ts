import { DefaultAzureCredential } from '@azure/identity';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type LocalIdentity, localPrincipal, startIdentity } from '../../local/identity/index.ts';

const scope = {
  subscription: '00000000-0000-0000-0000-000000000001',
  resourceGroup: 'sluice',
  tenant: '00000000-0000-0000-0000-0000000000aa',
  location: 'westeurope',
};
const management = 'https://management.azure.com';
let identity: LocalIdentity;
let now = new Date();

beforeAll(async () => {
  identity = await startIdentity({ scope, now: () => now });
  process.env.IDENTITY_ENDPOINT = identity.endpoint;
  process.env.IDENTITY_HEADER = identity.header;
});
afterEach(() => {
  now = new Date();
});
afterAll(() => identity.close());

const ask = (
  query: Record<string, string>,
  headers: Record<string, string> = { 'X-IDENTITY-HEADER': identity.header },
) => fetch(`${identity.endpoint}?${new URLSearchParams(query)}`, { headers });

test('DefaultAzureCredential gets a token that the other parts accept for its audience', async () => {
  const token = await new DefaultAzureCredential().getToken(`${management}/.default`);
  expect(identity.authority.verify(`Bearer ${token.token}`, [management])).toEqual({
    principalId: localPrincipal.principalId,
  });
  expect(token.expiresOnTimestamp).toBeGreaterThan(Date.now() + 23 * 3600 * 1000);
});

test('a user-assigned identity is found by its client id, and by no other', async () => {
  const known = new DefaultAzureCredential({ managedIdentityClientId: localPrincipal.clientId });
  const { token } = await known.getToken(`${management}/.default`);
  expect(identity.authority.verify(`Bearer ${token}`, [management])).toBeDefined();
  const stranger = await ask({ 'api-version': '2019-08-01', resource: management, client_id: 'somebody' });
  expect(stranger.status).toBe(400);
  expect(await stranger.json()).toMatchObject({ message: expect.stringContaining('No managed identity found') });
});

test('a token made for another audience is not accepted', async () => {
  const token = await identity.issue('https://storage.azure.com');
  expect(identity.authority.verify(`Bearer ${token}`, [management])).toBeUndefined();
});

test('an audience is the same with and without its final slash', async () => {
  const token = await identity.issue(`${management}/`);
  expect(identity.authority.verify(`Bearer ${token}`, [management])).toBeDefined();
});

test('a token is not accepted once it has expired', async () => {
  const token = await identity.issue(management);
  now = new Date(Date.now() + 86_400_001);
  expect(identity.authority.verify(`Bearer ${token}`, [management])).toBeUndefined();
});

test('a token whose payload was changed is not accepted', async () => {
  const [header, , signature] = (await identity.issue('https://storage.azure.com')).split('.');
  const [, payload] = (await identity.issue(management)).split('.');
  expect(identity.authority.verify(`Bearer ${header}.${payload}.${signature}`, [management])).toBeUndefined();
});

test.each([undefined, '', 'Bearer', 'Bearer a.b', 'Bearer a.b.c', 'Basic YTpi', 'Bearer e30.bm90IGpzb24.AA'])(
  'the authorization %j is not accepted',
  (authorization) => expect(identity.authority.verify(authorization, [management])).toBeUndefined(),
);

test('the endpoint refuses a request without the secret header, with another version, or without a resource', async () => {
  const good = { 'api-version': '2019-08-01', resource: management };
  expect((await ask(good, {})).status).toBe(401);
  expect((await ask(good, { 'X-IDENTITY-HEADER': 'guess' })).status).toBe(401);
  expect((await ask({ ...good, 'api-version': '2017-09-01' })).status).toBe(400);
  expect((await ask({ 'api-version': '2019-08-01' })).status).toBe(400);
  expect((await ask(good)).status).toBe(200);
});

test('a path that is none, however odd, is not found', async () => {
  const { origin } = new URL(identity.endpoint);
  for (const path of ['/', '//', '//x:y', '/msi', '/%'])
    expect((await fetch(`${origin}${path}`)).status, path).toBe(404);
});
