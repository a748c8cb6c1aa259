import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArmFixture, noRunner, registryPath, resourceGroup, scope, startFixture } from './fixture.ts';

let fixture: ArmFixture;
beforeAll(async () => {
  fixture = await startFixture(async () => noRunner);
});
afterAll(() => fixture?.close());

const dev = registryPath('contosodev');
const registries = 'api-version=2025-11-01';
const tasks = 'api-version=2019-06-01-preview';

describe('authentication', () => {
  test('a request without a token gets 401 and a challenge that names the tenant', async () => {
    const answer = await fixture.send('GET', `${dev}?${registries}`, { authorization: null });
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({
      error: {
        code: 'AuthenticationFailed',
        message: "Authentication failed. The 'Authorization' header is missing.",
      },
    });
    expect(answer.headers['www-authenticate']).toMatch(
      `Bearer authorization_uri="https://login.microsoftonline.com/${scope.tenant}"`,
    );
  });

  test.each(['Basic YTpi', 'Bearer', 'Bearer not-a-token'])('refuses the header %j', async (authorization) => {
    const answer = await fixture.send('GET', `${dev}?${registries}`, { authorization });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
  });

  test('refuses a token that was made for storage', async () => {
    const authorization = `Bearer ${await fixture.identity.issue('https://storage.azure.com')}`;
    const answer = await fixture.send('GET', `${dev}?${registries}`, { authorization });
    expect(answer).toMatchObject({ status: 401, json: { error: { code: 'InvalidAuthenticationToken' } } });
  });
});

describe('what is not there', () => {
  const other = '11111111-2222-3333-4444-555555555555';
  test.each([
    ['no api-version', `${dev}`, 400, 'MissingApiVersionParameter'],
    ['a malformed api-version', `${dev}?api-version=latest`, 400, 'InvalidApiVersionParameter'],
    ['an api-version of no release', `${dev}?api-version=2001-01-01`, 400, 'NoRegisteredProviderFound'],
    ['an api-version of the tasks provider', `${dev}?${tasks}`, 400, 'NoRegisteredProviderFound'],
    ['another subscription', `${dev.replace(scope.subscription, other)}?${registries}`, 404, 'SubscriptionNotFound'],
    ['a malformed subscription', `/subscriptions/x/resourceGroups/y?${registries}`, 400, 'InvalidSubscriptionId'],
    ['another group', `${dev.replace('/sluice/', '/other/')}?${registries}`, 404, 'ResourceGroupNotFound'],
    [
      'another provider',
      `${resourceGroup}/providers/Microsoft.Nothing/x?${registries}`,
      404,
      'InvalidResourceNamespace',
    ],
    ['another type', `${dev}/nothing?${registries}`, 404, 'InvalidResourceType'],
    ['another registry', `${registryPath('nowhere')}?${registries}`, 404, 'ResourceNotFound'],
    ['a task of another registry', `${registryPath('nowhere')}/tasks/build?${tasks}`, 404, 'ResourceNotFound'],
    ['another task', `${dev}/tasks/nothing?${tasks}`, 404, 'EntityNotFound'],
    ['another run', `${dev}/runs/zz9?${tasks}`, 404, 'EntityNotFound'],
    ['something outside', `/favicon.ico?${registries}`, 404, 'NotFound'],
  ])('%s is an ARM error', async (_, path, status, code) => {
    const answer = await fixture.send('GET', path);
    expect(answer).toMatchObject({ status, json: { error: { code, message: expect.any(String) } } });
  });

  test('an unknown registry is told as ARM tells it, an unknown task as the tasks provider does', async () => {
    const registry = await fixture.send('GET', `${registryPath('nowhere')}?${registries}`);
    expect(registry.json).toEqual({
      error: {
        code: 'ResourceNotFound',
        message:
          "The Resource 'Microsoft.ContainerRegistry/registries/nowhere' under resource group 'sluice' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
      },
    });
    const task = await fixture.send('GET', `${dev}/tasks/nothing?${tasks}`);
    expect(task.json).toMatchObject({ error: { code: 'EntityNotFound', target: 'request' } });
    expect(task.json).not.toHaveProperty('status');
  });

  test('an unknown operation is told as the registry provider tells it', async () => {
    const path = `/subscriptions/${scope.subscription}/providers/Microsoft.ContainerRegistry/locations/WESTEUROPE/operationResults/registries-none?${registries}`;
    expect(await fixture.send('GET', path)).toMatchObject({
      status: 404,
      json: { error: { code: 'ResourceNotFound' }, status: 'Failed' },
    });
  });

  test('a method that a resource does not have is 405', async () => {
    expect(await fixture.send('DELETE', `${dev}?${registries}`)).toMatchObject({
      status: 405,
      json: { error: { code: 'MethodNotAllowed' } },
    });
  });
});

describe('bad input', () => {
  const importPath = `${dev}/importImage?${registries}`;
  const good = { source: { registryUri: 'docker.io', sourceImage: 'library/node:20' }, targetTags: ['node:20'] };

  test.each([
    ['no body', undefined],
    ['malformed JSON', '{"source":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['JSON that nests without end', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a string that never ends', `{"source":"${'\\"'.repeat(1_000_000)}`],
    ['an ill-typed field', JSON.stringify({ ...good, targetTags: 'node:20' })],
    ['an unknown field', JSON.stringify({ ...good, force: true })],
    ['an unknown mode', JSON.stringify({ ...good, mode: 'Perhaps' })],
    ['no source', JSON.stringify({ targetTags: ['node:20'] })],
  ])('importImage refuses %s', async (_, body) => {
    const answer = await fixture.send('POST', importPath, body === undefined ? {} : { body });
    expect(answer).toMatchObject({ status: 400, json: { error: { code: 'InvalidRequestContent' } } });
  });

  test.each([
    ['a source that climbs', { ...good, source: { registryUri: 'docker.io', sourceImage: '../../etc:1' } }],
    ['a target that climbs', { ...good, targetTags: ['../x:1'] }],
    ['a target tag with a slash', { ...good, targetTags: ['node:a/b'] }],
    ['an upper-case repository', { ...good, untaggedTargetRepositories: ['Node'] }],
    ['a source registry with a path', { ...good, source: { registryUri: 'docker.io/x', sourceImage: 'node:20' } }],
    ['two sources', { ...good, source: { ...good.source, resourceId: '/subscriptions/x' } }],
    ['no target for a digest', { source: { registryUri: 'docker.io', sourceImage: `n@sha256:${'0'.repeat(64)}` } }],
    ['a digest of another kind', { ...good, source: { registryUri: 'docker.io', sourceImage: 'n@md5:0' } }],
  ])('importImage refuses %s', async (_, body) => {
    expect(await fixture.send('POST', importPath, { body: JSON.stringify(body) })).toMatchObject({
      status: 400,
      json: { error: { code: 'InvalidParameters' } },
    });
  });

  test('names the unknown field and where it stands', async () => {
    const body = JSON.stringify({ ...good, source: { ...good.source, tag: '20' } });
    expect(await fixture.send('POST', importPath, { body })).toMatchObject({
      json: { error: { message: expect.stringContaining("Could not find member 'tag'") } },
    });
  });

  test('a body of more than 4 MB is 413, and the endpoint lives on', async () => {
    const body = JSON.stringify({ ...good, padding: 'x'.repeat(5 * 1024 * 1024) });
    expect(await fixture.send('POST', importPath, { body })).toMatchObject({
      status: 413,
      json: { error: { code: 'RequestContentTooLarge' } },
    });
    expect(await fixture.send('GET', `${dev}?${registries}`)).toMatchObject({ status: 200 });
  });

  test.each([
    [`${dev}/tasks/%2e%2e%2f%2e%2e?${tasks}`, 404],
    [`${dev}/tasks/../../contosobaseimages?${tasks}`, 404],
    [`${dev}/runs/%00?${tasks}`, 404],
    [`${dev}/tasks/%zz?${tasks}`, 400],
    [`${dev}/tasks/__proto__?${tasks}`, 404],
    [`//evil.example${dev}?${registries}`, 404],
  ])('the path %s finds nothing', async (path, status) => {
    const answer = await fixture.send('GET', path);
    expect(answer).toMatchObject({ status, json: { error: { message: expect.any(String) } } });
  });
});

describe('a wrong run request is refused', () => {
  const good = { type: 'EncodedTaskRunRequest', encodedTaskContent: 'eA==', platform: { os: 'linux' } };
  test.each([
    ['of an unknown type', { type: 'HelmRunRequest' }],
    ['without a platform', { type: 'EncodedTaskRunRequest', encodedTaskContent: 'eA==' }],
    ['with an unknown field', { ...good, colour: 'red' }],
    ['with content that is not base64', { ...good, encodedTaskContent: '{}' }],
    ['with a timeout of a day', { ...good, timeout: 86_400 }],
  ])('%s', async (_, body) => {
    expect(await fixture.send('POST', `${dev}/scheduleRun?${tasks}`, { body: JSON.stringify(body) })).toMatchObject({
      status: 400,
      json: { error: { code: 'InvalidRequestContent' } },
    });
  });
});

describe('registries', () => {
  test('are listed by subscription and by group, and shown by name in any casing', async () => {
    const { client } = fixture;
    const names = [];
    for await (const registry of client.registries.list()) names.push(registry.name);
    expect(names).toEqual(['contosobaseimages', 'contosodev']);
    const inGroup = [];
    for await (const registry of client.registries.listByResourceGroup(scope.resourceGroup)) inGroup.push(registry);
    expect(inGroup).toHaveLength(2);
    const shown = await client.registries.get(scope.resourceGroup.toUpperCase(), 'ContosoDev');
    expect(shown).toMatchObject({
      name: 'contosodev',
      id: fixture.dev.resourceId,
      location: scope.location,
      loginServer: fixture.dev.loginServer,
      provisioningState: 'Succeeded',
      sku: { name: 'Premium', tier: 'Premium' },
    });
    expect(shown.creationDate).toBeInstanceOf(Date);
  });

  test('have no nulls in their bodies', async () => {
    const answer = await fixture.send('GET', `${dev}?${registries}`);
    expect(answer.text).not.toContain('null');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['x-ms-request-id']).toBeTruthy();
  });
});
