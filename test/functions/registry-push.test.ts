import { describe, expect, test } from 'vitest';
import { readRegistryPush } from '../../src/lib/events/registry-push.ts';
import { concernedBy } from '../../src/lib/pipeline/push.ts';
import { catalog } from './catalog.ts';

const resourceId = catalog.buffer.resourceId;
const digest = `sha256:${'a'.repeat(64)}`;

const data = (target: object = {}) => ({
  id: '1',
  timestamp: '2026-01-01T00:00:00Z',
  action: 'push',
  target: { mediaType: 'm', size: 1, digest, repository: 'staging/node', tag: '9-alpine', ...target },
  request: { id: '2', host: 'contosobaseimages.azurecr.io', method: 'PUT', useragent: 'test' },
});

const eventGrid = (changes: object = {}) => ({
  id: '1',
  topic: resourceId,
  subject: 'staging/node:9-alpine',
  eventType: 'Microsoft.ContainerRegistry.ImagePushed',
  eventTime: '2026-01-01T00:00:00Z',
  data: data(),
  dataVersion: '1.0',
  metadataVersion: '1',
  ...changes,
});

const cloudEvent = (changes: object = {}) => ({
  id: '1',
  source: resourceId,
  subject: 'staging/node:9-alpine',
  type: 'Microsoft.ContainerRegistry.ImagePushed',
  time: '2026-01-01T00:00:00Z',
  specversion: '1.0',
  data: data(),
  ...changes,
});

describe('a push', () => {
  const push = { registry: { resourceId }, repository: 'staging/node', tag: '9-alpine' };

  test.each([
    ['in the schema of Event Grid', eventGrid()],
    ['as a CloudEvent', cloudEvent()],
    ['with less than the schema promises', eventGrid({ data: { target: data().target }, eventTime: undefined })],
  ])('is read %s', (_, event) => {
    expect(readRegistryPush(event)).toMatchObject({ kind: 'push', push });
  });

  test('through a topic of one’s own is known by the host that was pushed to', () => {
    const event = eventGrid({ topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/mine' });
    const registry = { loginServer: 'contosobaseimages.azurecr.io' };
    expect(readRegistryPush(event)).toMatchObject({ kind: 'push', push: { ...push, registry } });
  });
});

describe('what is good, and nothing to us, is ignored', () => {
  test.each([
    ['a deletion', eventGrid({ eventType: 'Microsoft.ContainerRegistry.ImageDeleted' })],
    ['a chart', cloudEvent({ type: 'Microsoft.ContainerRegistry.ChartPushed' })],
    ['a blob', eventGrid({ eventType: 'Microsoft.Storage.BlobCreated', data: { url: 'x' } })],
    ['an image without a tag', eventGrid({ data: data({ tag: undefined }) })],
    ['an image with an empty tag', eventGrid({ data: data({ tag: '' }) })],
  ])('%s', (_, event) => {
    expect(readRegistryPush(event)).toMatchObject({ kind: 'ignored', why: expect.stringMatching(/./) });
  });
});

describe('what is no event is called malformed, and never thrown: sent again it would be no better', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'ImagePushed'],
    ['a list', [eventGrid()]],
    ['an empty object', {}],
    ['no type', eventGrid({ eventType: undefined })],
    ['an empty type', eventGrid({ eventType: '' })],
    ['a type that is no text', cloudEvent({ type: 7 })],
    ['no data', eventGrid({ data: undefined })],
    ['data that is a text', eventGrid({ data: 'x' })],
    ['no target', eventGrid({ data: {} })],
    ['no repository', eventGrid({ data: data({ repository: undefined }) })],
    ['a repository that is none', eventGrid({ data: data({ repository: '../../etc' }) })],
    ['a tag that is none', eventGrid({ data: data({ tag: '$(reboot)' }) })],
    ['neither registry nor host', eventGrid({ topic: undefined, data: { target: data().target } })],
  ])('%s', (_, event) => {
    expect(readRegistryPush(event)).toMatchObject({ kind: 'malformed', why: expect.stringMatching(/./) });
  });
});

describe('what a push concerns', () => {
  const golden = catalog.registries.find(({ name }) => name === 'contosogolden')?.resourceId ?? '';
  const places = (repository: string, tag: string, registry: object = { resourceId }) =>
    concernedBy(catalog, { registry, repository, tag } as Parameters<typeof concernedBy>[1]).map(
      ({ tracked, place }) => `${place} of ${tracked.image}:${tracked.tag}`,
    );

  test.each<[string, string[], string[]]>([
    ['staging', ['staging/node', '9-alpine'], ['staging of node:9-alpine']],
    ['the target', ['base-images/node', '9-alpine'], ['target of node:9-alpine']],
    ['a tag that a pattern matches', ['staging/python', '3.13'], ['staging of python:3.13']],
    [
      'an upstream of two images',
      ['public/node', '9-alpine'],
      ['upstream of node:9-alpine', 'upstream of node-again:9-alpine'],
    ],
    ['another tag', ['staging/node', '9'], []],
    ['another repository', ['tools/docker-cli', 'latest'], []],
    ['a repository of the same name outside', ['node', '9-alpine'], []],
  ])('%s', (_, [repository = '', tag = ''], expected) => {
    expect(places(repository, tag)).toEqual(expected);
  });

  test('a registry that is upstream, and not the buffer', () => {
    expect(places('dotnet', '10.0', { resourceId: golden })).toEqual(['upstream of dotnet:10.0']);
    expect(places('staging/node', '9-alpine', { resourceId: golden })).toEqual([]);
  });

  test('a registry that is not in the catalog', () => {
    expect(places('staging/node', '9-alpine', { resourceId: `${resourceId}x` })).toEqual([]);
    expect(places('staging/node', '9-alpine', { loginServer: 'evil.azurecr.io' })).toEqual([]);
  });

  test('the buffer by its login server, and by an id in other letters', () => {
    expect(places('staging/node', '9-alpine', { loginServer: 'ContosoBaseImages.azurecr.io' })).toHaveLength(1);
    expect(places('staging/node', '9-alpine', { resourceId: resourceId.toUpperCase() })).toHaveLength(1);
  });
});
