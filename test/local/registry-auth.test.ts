import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ContainerRegistryClient } from '@azure/container-registry';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type RegistryFixture, startFixture } from './registry-fixture.ts';
import { makeImage, pushImage } from './registry-images.ts';

const acr = 'https://containerregistry.azure.net';
let now: () => Date = () => new Date();
let fixture: RegistryFixture;
beforeAll(async () => {
  fixture = await startFixture(() => now());
  await pushImage(fixture.content('auth/node'), makeImage(), '1');
});
afterEach(() => {
  now = () => new Date();
});
afterAll(() => fixture?.close());

const get = (path: string, authorization?: string) =>
  fetch(`${fixture.registry.endpoint}${path}`, { headers: authorization ? { authorization } : {} });
const post = (path: string, form: Record<string, string>) =>
  fetch(`${fixture.registry.endpoint}${path}`, { method: 'POST', body: new URLSearchParams(form) });
const service = () => fixture.registry.loginServer;
const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

async function refreshToken(): Promise<string> {
  const access_token = await fixture.identity.issue(acr);
  const response = await post('/oauth2/exchange', { grant_type: 'access_token', service: service(), access_token });
  expect(response.status).toBe(200);
  return ((await response.json()) as { refresh_token: string }).refresh_token;
}

async function accessToken(scope: string): Promise<string> {
  const refresh_token = await refreshToken();
  const form = { grant_type: 'refresh_token', service: service(), scope, refresh_token };
  const response = await post('/oauth2/token', form);
  expect(response.status).toBe(200);
  return ((await response.json()) as { access_token: string }).access_token;
}

test.each([
  ['GET', '/v2/auth/node/manifests/1', 'repository:auth/node:pull'],
  ['PUT', '/v2/auth/node/manifests/1', 'repository:auth/node:pull,push'],
  ['POST', '/v2/auth/node/blobs/uploads/', 'repository:auth/node:pull,push'],
  ['DELETE', `/v2/auth/node/manifests/sha256:${'0'.repeat(64)}`, 'repository:auth/node:delete'],
  ['GET', '/v2/_catalog', 'registry:catalog:*'],
  ['GET', '/acr/v1/_catalog', 'registry:catalog:*'],
  ['GET', '/acr/v1/auth%2Fnode/_tags', 'repository:auth/node:metadata_read'],
  ['PATCH', '/acr/v1/auth%2Fnode/_tags/1', 'repository:auth/node:metadata_write'],
  ['DELETE', '/acr/v1/auth%2Fnode/_tags/1', 'repository:auth/node:delete'],
])('an anonymous %s of %s is challenged for the scope it needs', async (method, path, scope) => {
  const response = await fetch(`${fixture.registry.endpoint}${path}`, { method });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe(
    `Bearer realm="https://${service()}/oauth2/token",service="${service()}",scope="${scope}"`,
  );
  expect(await response.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] });
});

test('the bare /v2/ is challenged without a scope, and opened by any valid token', async () => {
  const anonymous = await get('/v2/');
  expect(anonymous.headers.get('www-authenticate')).not.toContain('scope');
  expect((await get('/v2/', `Bearer ${await accessToken('registry:catalog:*')}`)).status).toBe(200);
});

test('tokens live as long as those of ACR', async () => {
  const [refresh, access] = [decodeJwt(await refreshToken()), decodeJwt(await accessToken('registry:catalog:*'))];
  expect((refresh.exp ?? 0) - (refresh.iat ?? 0)).toBe(11_700);
  expect((access.exp ?? 0) - (access.iat ?? 0)).toBe(4_500);
});

test('an access token opens its own repository and action, and nothing else', async () => {
  const token = `Bearer ${await accessToken('repository:auth/node:pull')}`;
  expect((await get('/v2/auth/node/tags/list', token)).status).toBe(200);
  for (const path of ['/v2/other/tags/list', '/acr/v1/_catalog', '/v2/_catalog']) {
    const response = await get(path, token);
    expect(response.status, path).toBe(401);
    expect(response.headers.get('www-authenticate'), path).toContain('error="insufficient_scope"');
  }
  const put = await fetch(`${fixture.registry.endpoint}/v2/auth/node/blobs/uploads/`, {
    method: 'POST',
    headers: { authorization: token },
  });
  expect(put.status).toBe(401);
});

test('one SDK client may use several repositories in turn', async () => {
  await pushImage(fixture.content('auth/second'), makeImage(), '1');
  for (const name of ['auth/node', 'auth/second', 'auth/node']) {
    expect((await fixture.client.getArtifact(name, '1').getTagProperties('1')).repositoryName).toBe(name);
  }
});

test('expired tokens are refused', async () => {
  const refresh_token = await refreshToken();
  const access = await accessToken('repository:auth/node:pull');
  now = () => new Date(Date.now() + 4_500_001);
  const late = await get('/v2/auth/node/tags/list', `Bearer ${access}`);
  expect(late.status).toBe(401);
  expect(late.headers.get('www-authenticate')).toContain('error="invalid_token"');
  now = () => new Date(Date.now() + 11_700_001);
  const form = { grant_type: 'refresh_token', service: service(), scope: 'registry:catalog:*', refresh_token };
  expect((await post('/oauth2/token', form)).status).toBe(401);
});

test('a refresh token is no access token, and an access token no refresh token', async () => {
  expect((await get('/v2/', `Bearer ${await refreshToken()}`)).status).toBe(401);
  const refresh_token = await accessToken('registry:catalog:*');
  const form = { grant_type: 'refresh_token', service: service(), scope: 'registry:catalog:*', refresh_token };
  expect((await post('/oauth2/token', form)).status).toBe(401);
});

test('an Entra token for another audience is not exchanged', async () => {
  const access_token = await fixture.identity.issue('https://storage.azure.com');
  const response = await post('/oauth2/exchange', { grant_type: 'access_token', service: service(), access_token });
  expect(response.status).toBe(401);
});

test('a token of another registry is refused', async () => {
  const other = await startFixture();
  Object.assign(process.env, {
    IDENTITY_ENDPOINT: fixture.identity.endpoint,
    IDENTITY_HEADER: fixture.identity.header,
  });
  try {
    const token = await accessToken('repository:auth/node:pull');
    const response = await fetch(`${other.registry.endpoint}/v2/`, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(401);
  } finally {
    await other.close();
  }
});

test.each([
  ['/oauth2/exchange', { grant_type: 'refresh_token' }, 400],
  ['/oauth2/exchange', { grant_type: 'access_token', service: 'elsewhere.azurecr.io' }, 400],
  ['/oauth2/exchange', {}, 400],
  ['/oauth2/token', {}, 400],
  ['/oauth2/token', { grant_type: 'password', service: 'self', refresh_token: '', scope: 'registry:catalog:*' }, 401],
])("a POST of %s with %j is refused in ACR's words", async (path, form, status) => {
  const body = Object.fromEntries(Object.entries(form).map(([k, v]) => [k, v === 'self' ? service() : v]));
  const response = await post(path, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ code: expect.any(String), message: expect.any(String) }] });
});

test('the SDK without a credential is refused, for there is no anonymous pull', async () => {
  const client = new ContainerRegistryClient(fixture.registry.endpoint);
  await expect(client.listRepositoryNames().next()).rejects.toMatchObject({ statusCode: 401 });
});

test('docker login by token: GET /oauth2/token with the refresh token as password', async () => {
  const user = basic('00000000-0000-0000-0000-000000000000', await refreshToken());
  const query = new URLSearchParams({ service: service(), scope: 'repository:auth/node:pull', offline_token: 'true' });
  const response = await get(`/oauth2/token?${query}`, user);
  const { access_token, refresh_token } = (await response.json()) as Record<string, string>;
  expect((await get('/v2/auth/node/manifests/1', `Bearer ${access_token}`)).status).not.toBe(401);
  expect((await get('/v2/', user)).status).toBe(200);
  expect(refresh_token).toBeTypeOf('string');
});

test('buildah logs in with the admin user, and not with another password', async () => {
  const run = promisify(execFile);
  const { registry, certificate, folder } = fixture;
  const login = (password: string) =>
    run('buildah', [
      'login',
      ...['--authfile', `${folder}/auth.json`, '--cert-dir', certificate.caFolder],
      ...['--username', registry.admin.username, '--password', password, registry.loginServer],
    ]);
  expect((await login(registry.admin.password)).stdout).toContain('Login Succeeded');
  await expect(login('guess')).rejects.toThrow(/invalid username\/password|unauthorized/i);
});
