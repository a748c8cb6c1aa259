import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHostFixture, type HostFixture, type RunningApp, until } from './fixture.ts';

let fixture: HostFixture;
let app: RunningApp;

beforeAll(async () => {
  fixture = await createHostFixture();
  app = await fixture.start({
    settings: { BOTH: 'environment' },
    localSettings: { Values: { FROM_FILE: 'file', BOTH: 'file' } },
  });
});
afterAll(() => fixture?.close());

test('gives the handler route parameters, query, body and method, and answers with its status, headers and cookies', async () => {
  const response = await app.call('/API/Echo/word/7?a=1&a=2&b=x%20y', { method: 'POST', body: 'payload' });
  expect(response.status).toBe(201);
  expect(response.headers.get('x-word')).toBe('word');
  expect(response.headers.getSetCookie()).toEqual(['taste=sweet; path=/; samesite=Strict; httponly']);
  expect(await response.json()).toMatchObject({
    params: { word: 'word', count: '7' },
    query: { a: '1,2', b: 'x y' },
    body: 'payload',
    method: 'POST',
  });
});

test.each([
  ['an unknown path', '/api/nothing', 'GET', 404],
  ['a path outside the prefix', '/echo/word', 'GET', 404],
  ['a wrong method', '/api/echo/word', 'PUT', 404],
  ['a value that breaks a route constraint', '/api/echo/w0rd', 'GET', 404],
  ['an optional parameter left out', '/api/echo/word', 'GET', 201],
  ['a function that throws', '/api/throws', 'GET', 500],
  ['a function that returns nothing', '/api/silent', 'GET', 204],
  ['no key where one is needed', '/api/keyed', 'GET', 401],
])('%s', async (_, path, method, status) => {
  const response = await app.call(path, { method });
  expect(response.status).toBe(status);
  if (status !== 201) expect(await response.text()).toBe('');
});

test('tries templates in the order of function names, not of their precision', async () => {
  expect(await (await app.call('/api/same/thing')).text()).toBe('a');
});

test('logs each call with its id, how it ended, and the stack of what was thrown', async () => {
  await app.call('/api/throws');
  await until(() => {
    const started = app.lines.find((line) =>
      /Executing 'Functions\.throws' \(Reason='.*', Id=[0-9a-f-]{36}\)$/.test(line),
    );
    const id = /Id=([0-9a-f-]{36})/.exec(started ?? '')?.[1];
    expect(app.lines.some((line) => line.includes(`Executed 'Functions.throws' (Failed, Id=${id}, Duration=`))).toBe(
      true,
    );
    expect(app.lines.some((line) => line.includes('broken on purpose'))).toBe(true);
  });
});

test('settings come from the environment before local.settings.json, and the keys of the host are not among them', async () => {
  expect(await (await app.call('/api/environment')).json()).toEqual({ fromFile: 'file', both: 'environment' });
});

describe('keys', () => {
  const levels: readonly [string, string, (keys: RunningApp) => string, number][] = [
    ['function', 'keyed', (host) => host.functionKey('keyed'), 200],
    ['function', 'keyed', (host) => host.keys.host, 200],
    ['function', 'keyed', (host) => host.keys.master, 200],
    ['function', 'keyed', (host) => host.functionKey('echo'), 401],
    ['function', 'keyed', (host) => host.keys.eventGrid, 401],
    ['function', 'keyed', () => '', 401],
    ['admin', 'forMaster', (host) => host.keys.master, 200],
    ['admin', 'forMaster', (host) => host.keys.host, 401],
    ['admin', 'forMaster', (host) => host.functionKey('forMaster'), 401],
  ];
  test.each(levels)(
    'level %s of %s (case %#) answers what the key is worth, in the header and in the query',
    async (_, name, key, status) => {
      const value = key(app);
      const byHeader = await app.call(`/api/${name}`, { headers: { 'x-functions-key': value } });
      const byQuery = await app.call(`/api/${name}?${new URLSearchParams({ code: value })}`);
      expect([byHeader.status, byQuery.status]).toEqual([status, status]);
    },
  );

  test('the header is read before the query', async () => {
    const query = new URLSearchParams({ code: app.keys.host });
    const response = await app.call(`/api/keyed?${query}`, { headers: { 'x-functions-key': 'wrong' } });
    expect(response.status).toBe(401);
  });
});

describe('the host itself', () => {
  const asMaster = (path: string, init: RequestInit = {}) =>
    app.call(path, { ...init, headers: { 'x-functions-key': app.keys.master } });

  test('tells its state, its functions and those in error to the master key only', async () => {
    expect((await app.call('/admin/host/status')).status).toBe(401);
    expect((await app.call(`/admin/host/status?code=${app.keys.host}`)).status).toBe(401);
    const status = (await (await asMaster('/admin/host/status')).json()) as { state: string; errors: string[] };
    expect(status.state).toBe('Running');
    expect(status.errors).toEqual([expect.stringContaining("The 'reserved' function is in error")]);
    const functions = (await (await asMaster('/admin/functions')).json()) as { name: string }[];
    expect(functions.map(({ name }) => name)).toContain('orders');
    expect(functions.map(({ name }) => name)).not.toContain('reserved');
  });

  test('refuses a route that begins with admin or runtime', () => {
    expect(app.errors).toEqual([
      {
        name: 'reserved',
        error: expect.stringContaining('The specified route conflicts with one or more built in routes.'),
      },
    ]);
  });

  test('runs a function by hand with the input it is given', async () => {
    const response = await asMaster('/admin/functions/onEvent', {
      method: 'POST',
      body: '{"input":"{\\"subject\\":\\"by hand\\"}"}',
    });
    expect(response.status).toBe(202);
    await until(async () =>
      expect((await app.seen('onEvent')).map(({ input }) => input)).toContainEqual({ subject: 'by hand' }),
    );
  });

  test('answers malformed requests without falling over', async () => {
    expect((await asMaster('/admin/functions/orders', { method: 'POST', body: '{' })).status).toBe(400);
    expect((await asMaster('/admin/functions/none', { method: 'POST' })).status).toBe(404);
    expect((await app.call('/api/echo/%E0%A4%A')).status).toBe(404);
    expect((await app.call('/')).status).toBe(200);
  });
});

test('a disabled function is not there', async () => {
  const disabled = await fixture.start({ settings: { 'AzureWebJobs.silent.Disabled': 'true' } });
  expect((await disabled.call('/api/silent')).status).toBe(404);
  expect(disabled.functions.map(({ name }) => name)).not.toContain('silent');
});

test('the route prefix of host.json is honoured, and a setting overrides it', async () => {
  const plain = await fixture.start({ hostJson: { extensions: { http: { routePrefix: '' } } } });
  expect((await plain.call('/silent')).status).toBe(204);
  const overridden = await fixture.start({ settings: { AzureFunctionsJobHost__extensions__http__routePrefix: 'v2' } });
  expect((await overridden.call('/v2/silent')).status).toBe(204);
  expect((await overridden.call('/api/silent')).status).toBe(404);
});
