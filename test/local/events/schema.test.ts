import { EventGridDeserializer, isSystemEvent } from '@azure/eventgrid';
import { expect, test } from 'vitest';
import { toEvent, toWire } from '../../../local/events/event.ts';
import { digest, push, resourceId, scope } from './fixture.ts';

const stamp = { id: '831e1650-001e-001b-66ab-eeb76e069631', time: new Date('2026-01-02T03:04:06.000Z') };
const source = { resourceId: resourceId('contosobaseimages'), scope };
const eventOf = (notification: ReturnType<typeof push>) => toEvent(notification, source, stamp);

test('a push by tag is ImagePushed, in the Event Grid schema as the SDK reads it', async () => {
  const event = eventOf(push('base-images/node', '20'));
  if (!event) throw new Error('no event');
  const [read] = await new EventGridDeserializer().deserializeEventGridEvents(
    JSON.stringify([toWire(event, 'EventGridSchema')]),
  );
  expect(read).toMatchObject({
    id: stamp.id,
    topic: source.resourceId,
    subject: 'base-images/node:20',
    eventType: 'Microsoft.ContainerRegistry.ImagePushed',
    eventTime: stamp.time,
    dataVersion: '1.0',
  });
  expect(read && isSystemEvent('Microsoft.ContainerRegistry.ImagePushed', read)).toBe(true);
  expect(read?.data).toMatchObject({
    action: 'push',
    target: { repository: 'base-images/node', tag: '20', digest, size: 3023, length: 3023 },
    request: { method: 'PUT', host: 'localhost:5000' },
  });
});

test('the same is a CloudEvent 1.0 as the SDK reads it', async () => {
  const event = eventOf(push('base-images/node', '20'));
  if (!event) throw new Error('no event');
  const wire = toWire(event, 'CloudEventSchemaV1_0');
  expect(wire.specversion).toBe('1.0');
  const [read] = await new EventGridDeserializer().deserializeCloudEvents(JSON.stringify([wire]));
  expect(read).toMatchObject({
    id: stamp.id,
    source: source.resourceId,
    subject: 'base-images/node:20',
    type: 'Microsoft.ContainerRegistry.ImagePushed',
    time: stamp.time,
  });
  expect(read && isSystemEvent('Microsoft.ContainerRegistry.ImagePushed', read)).toBe(true);
});

test('a push by digest alone has no tag', () => {
  const event = eventOf(push('base-images/node', undefined));
  expect(event?.subject).toBe('base-images/node');
  expect(event?.data.target).not.toHaveProperty('tag');
});

test('a deletion is ImageDeleted of the repository, by digest', () => {
  const event = eventOf(push('base-images/node', undefined, { action: 'delete' }));
  expect(event).toMatchObject({ type: 'Microsoft.ContainerRegistry.ImageDeleted', subject: 'base-images/node' });
  expect(event?.data.target).toEqual({ mediaType: expect.any(String), digest, repository: 'base-images/node' });
});

test('the deletion of a tag alone raises nothing', () => {
  expect(
    eventOf(
      push('base-images/node', '20', { action: 'delete', target: { repository: 'base-images/node', tag: '20' } }),
    ),
  ).toBeUndefined();
});
