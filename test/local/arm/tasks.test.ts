import type { Task } from '@azure/arm-containerregistry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArmFixture, noRunner, registryPath, scope, startFixture } from './fixture.ts';

let fixture: ArmFixture;
beforeAll(async () => {
  fixture = await startFixture(async () => noRunner);
});
afterAll(() => fixture?.close());

const { resourceGroup } = scope;
const version = 'api-version=2019-06-01-preview';
const path = (name: string) => `${registryPath('contosodev')}/tasks/${name}?${version}`;

const dockerTask: Task = {
  location: 'westeurope',
  platform: { os: 'linux', architecture: 'amd64' },
  agentConfiguration: { cpu: 2 },
  step: {
    type: 'Docker',
    contextPath: '/srv/app',
    imageNames: ['app:v1'],
    dockerFilePath: 'Dockerfile',
    arguments: [
      { name: 'PLAIN', value: 'shown' },
      { name: 'TOKEN', value: 'hidden', isSecret: true },
    ],
  },
  trigger: {
    baseImageTrigger: { name: 'defaultBaseimageTriggerName', baseImageTriggerType: 'Runtime', status: 'Enabled' },
  },
};

const put = (name: string, task: Task) =>
  fixture.client.tasks.beginCreateAndWait(resourceGroup, 'contosodev', name, task);
const get = (name: string) => fixture.client.tasks.get(resourceGroup, 'contosodev', name);

describe('creating a task', () => {
  test('answers 200 at once, without a Location, with the recorded properties in their order', async () => {
    const body = JSON.stringify({
      location: 'westus',
      properties: {
        status: 'Enabled',
        platform: { os: 'linux', architecture: 'amd64' },
        agentConfiguration: { cpu: 2 },
        timeout: 3600,
        step: { type: 'EncodedTask', encodedTaskContent: 'dmVyc2lvbjogdjEuMS4w', values: [] },
        trigger: {
          baseImageTrigger: {
            baseImageTriggerType: 'Runtime',
            updateTriggerPayloadType: 'Default',
            status: 'Enabled',
            name: 'defaultBaseimageTriggerName',
          },
        },
        credentials: {},
        isSystemTask: false,
      },
    });
    const answer = await fixture.send('PUT', path('recorded'), { body });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('location');
    const json = answer.json as { properties: Record<string, unknown> };
    expect(Object.keys(json)).toEqual(['type', 'properties', 'id', 'name', 'location', 'systemData']);
    expect(Object.keys(json.properties)).toEqual([
      'provisioningState',
      'creationDate',
      'status',
      'platform',
      'agentConfiguration',
      'timeout',
      'step',
      'trigger',
      'isSystemTask',
    ]);
    expect(json).toMatchObject({
      type: 'Microsoft.ContainerRegistry/registries/tasks',
      id: `${registryPath('contosodev')}/tasks/recorded`,
      properties: { provisioningState: 'Succeeded', creationDate: expect.stringMatching(/\.\d{7}\+00:00$/) },
    });
    expect(answer.text).not.toContain('null');
  });

  test('keeps what the SDK sent, and shows nothing of base images before the first run', async () => {
    await put('docker-task', dockerTask);
    const shown = await get('docker-task');
    expect(shown).toMatchObject({
      name: 'docker-task',
      status: 'Enabled',
      timeout: 3600,
      provisioningState: 'Succeeded',
      step: { type: 'Docker', contextPath: '/srv/app', imageNames: ['app:v1'], isPushEnabled: true, noCache: false },
      trigger: dockerTask.trigger,
    });
    expect(shown.step).not.toHaveProperty('baseImageDependencies');
  });

  test('shows secrets by listDetails alone', async () => {
    await put('secret-task', dockerTask);
    const hidden = await get('secret-task');
    expect(JSON.stringify(hidden)).not.toContain('hidden');
    const details = await fixture.client.tasks.getDetails(resourceGroup, 'contosodev', 'secret-task');
    expect(details.step).toMatchObject({ arguments: [{ value: 'shown' }, { name: 'TOKEN', value: 'hidden' }] });
  });

  test('takes a task back as it was shown', async () => {
    await put('echoed-task', dockerTask);
    const { json } = await fixture.send('GET', path('echoed-task'));
    const answer = await fixture.send('PUT', path('echoed-task'), {
      body: JSON.stringify({ ...(json as object), tags: { from: 'echo' } }).replace(/,\{"name":"TOKEN"[^}]*\}/, ''),
    });
    expect(answer).toMatchObject({ status: 200, json: { tags: { from: 'echo' } } });
  });

  test('finds a task whatever its casing, and keeps the casing it was put with', async () => {
    await put('CamelCase', dockerTask);
    await put('camelcase', { ...dockerTask, tags: { second: 'put' } });
    expect(await get('CAMELCASE')).toMatchObject({ name: 'CamelCase', tags: { second: 'put' } });
  });

  test('gives a task its system-assigned identity', async () => {
    const task = await put('identity-task', { ...dockerTask, identity: { type: 'SystemAssigned' } });
    expect(task.identity).toMatchObject({
      type: 'SystemAssigned',
      tenantId: scope.tenant,
      principalId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('stores git contexts and timer triggers, which nothing here carries out', async () => {
    const task = await put('stored-task', {
      location: 'westeurope',
      platform: { os: 'linux' },
      step: { type: 'FileTask', contextPath: 'https://github.com/contoso/app.git#main', taskFilePath: 'acr-task.yaml' },
      trigger: { timerTriggers: [{ name: 'nightly', schedule: '0 1 * * *' }] },
    });
    expect(task.step).toMatchObject({ type: 'FileTask', contextPath: 'https://github.com/contoso/app.git#main' });
    expect(task.trigger?.timerTriggers).toEqual([{ name: 'nightly', schedule: '0 1 * * *', status: 'Enabled' }]);
  });
});

describe('a task that is wrong is refused', () => {
  const step = { type: 'Docker', dockerFilePath: 'Dockerfile' };
  const good = { location: 'westeurope', properties: { step } };
  test.each([
    ['an unknown field', { ...good, properties: { step, colour: 'red' } }, "Could not find member 'colour'"],
    ['an unknown field in its step', { ...good, properties: { step: { ...step, squash: true } } }, "member 'squash'"],
    ['an unknown kind of step', { ...good, properties: { step: { ...step, type: 'Helm' } } }, "Path 'properties.step"],
    ['no step', { ...good, properties: {} }, "Path 'properties.step'"],
    ['no location', { properties: { step } }, "Path 'location'"],
    ['a timeout below five minutes', { ...good, properties: { step, timeout: 10 } }, "Path 'properties.timeout'"],
    ['an ill-typed status', { ...good, properties: { step, status: true } }, "Path 'properties.status'"],
    [
      'content that is not base64',
      { ...good, properties: { step: { type: 'EncodedTask', encodedTaskContent: '{}' } } },
      "Path 'properties.step.encodedTaskContent'",
    ],
  ])('with %s', async (_, body, message) => {
    const answer = await fixture.send('PUT', path('wrong-task'), { body: JSON.stringify(body) });
    expect(answer).toMatchObject({
      status: 400,
      json: { error: { code: 'InvalidRequestContent', message: expect.stringContaining(message) } },
    });
    expect(await fixture.send('GET', path('wrong-task'))).toMatchObject({ status: 404 });
  });

  test.each(['abcd', 'a b c d e', 'x'.repeat(51), 'task.name'])('with the name %j', async (name) => {
    const answer = await fixture.send('PUT', path(encodeURIComponent(name)), { body: JSON.stringify(good) });
    expect(answer).toMatchObject({ status: 400, json: { error: { code: 'InvalidResourceName' } } });
  });
});

describe('updating a task', () => {
  test('changes what is named and keeps the rest', async () => {
    await put('patched-task', dockerTask);
    await fixture.client.tasks.beginUpdateAndWait(resourceGroup, 'contosodev', 'patched-task', {
      status: 'Disabled',
      step: { type: 'Docker', dockerFilePath: 'other.Dockerfile' },
      trigger: { baseImageTrigger: { name: 'defaultBaseimageTriggerName', status: 'Disabled' } },
    });
    expect(await get('patched-task')).toMatchObject({
      status: 'Disabled',
      platform: { os: 'linux', architecture: 'amd64' },
      step: { dockerFilePath: 'other.Dockerfile', contextPath: '/srv/app', imageNames: ['app:v1'] },
      trigger: { baseImageTrigger: { baseImageTriggerType: 'Runtime', status: 'Disabled' } },
    });
    const details = await fixture.client.tasks.getDetails(resourceGroup, 'contosodev', 'patched-task');
    expect(details.step).toMatchObject({ arguments: [{ name: 'PLAIN' }, { name: 'TOKEN', value: 'hidden' }] });
  });

  test('takes a member away with null', async () => {
    await put('registry-task', {
      ...dockerTask,
      credentials: { customRegistries: { 'test.acr.com': { identity: '[system]' } } },
    });
    const body = JSON.stringify({ properties: { credentials: { customRegistries: { 'test.acr.com': null } } } });
    const answer = await fixture.send('PATCH', path('registry-task'), { body });
    expect(answer).toMatchObject({ status: 200, json: { properties: { credentials: { customRegistries: {} } } } });
  });

  test.each([
    ['an unknown field', '{"properties":{"colour":"red"}}'],
    ['a list', '[]'],
    ['malformed JSON', '{'],
    ['a step of another kind without what it needs', '{"properties":{"step":{"type":"FileTask"}}}'],
  ])('refuses %s and leaves the task as it was', async (_, body) => {
    await put('refused-task', dockerTask);
    const before = (await fixture.send('GET', path('refused-task'))).text;
    expect(await fixture.send('PATCH', path('refused-task'), { body })).toMatchObject({ status: 400 });
    expect((await fixture.send('GET', path('refused-task'))).text).toBe(before);
  });

  test('of an unknown task is the tasks provider’s 404', async () => {
    expect(await fixture.send('PATCH', path('unknown-task'), { body: '{}' })).toMatchObject({
      status: 404,
      json: { error: { code: 'EntityNotFound', target: 'request' } },
    });
  });
});

test('a deletion answers 200, a second one 204, neither with a Location', async () => {
  await put('deleted-task', dockerTask);
  const first = await fixture.send('DELETE', path('deleted-task'));
  expect(first).toMatchObject({ status: 200, text: '' });
  expect(first.headers).not.toHaveProperty('location');
  expect(await fixture.send('DELETE', path('deleted-task'))).toMatchObject({ status: 204, text: '' });
  await expect(get('deleted-task')).rejects.toMatchObject({ statusCode: 404, code: 'EntityNotFound' });
});

test('tasks are listed page by page, each once', async () => {
  const names = Array.from({ length: 101 }, (_, at) => `paged-${String(at).padStart(3, '0')}`);
  await Promise.all(names.map((name) => put(name, dockerTask)));
  const pages = [];
  for await (const page of fixture.client.tasks.list(resourceGroup, 'contosodev').byPage()) pages.push(page);
  expect(pages.length).toBeGreaterThan(1);
  const listed = pages.flat().map(({ name }) => name);
  expect(listed.filter((name) => name?.startsWith('paged-'))).toEqual(names);
  expect(new Set(listed).size).toBe(listed.length);
  const elsewhere = [];
  for await (const task of fixture.client.tasks.list(resourceGroup, 'contosobaseimages')) elsewhere.push(task);
  expect(elsewhere).toEqual([]);
});

test('the view shows tasks without a request', () => {
  expect(fixture.arm.view.tasks()).toContainEqual({
    registry: 'contosodev',
    name: 'docker-task',
    kind: 'Docker',
    enabled: true,
    contextPath: '/srv/app',
    baseImageTrigger: 'Runtime',
    baseImageDependencies: [],
  });
});
