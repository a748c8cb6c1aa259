/**
 * Reads what Event Grid delivers, in its own schema or as a CloudEvent.
 * https://learn.microsoft.com/azure/event-grid/event-schema-container-registry
 */
import type { CloudEvent, EventGridEvent } from '@azure/eventgrid';
import * as z from 'zod';
import { isRepository, isTag } from '../image/names.ts';
import type { Push } from '../pipeline/push.ts';

export type RegistryPush =
  | { readonly kind: 'push'; readonly type: string; readonly push: Push }
  /** Good, and nothing to us. */
  | {
      readonly kind: 'ignored';
      readonly type: string;
      readonly why: string;
      readonly repository?: string;
    }
  /** Nothing that a registry says. Sent again, it would be no better. */
  | { readonly kind: 'malformed'; readonly why: string };

const pushed = 'Microsoft.ContainerRegistry.ImagePushed';

/** Of the event's data only what is used; the rest may change. */
const data = z.object({
  target: z.object({
    repository: z.string().refine(isRepository, 'expected a repository'),
    tag: z.string().nullish(),
  }),
  request: z.object({ host: z.string().nullish() }).nullish(),
});

const record = z.record(z.string(), z.unknown());

export async function readRegistryPush(given: unknown): Promise<RegistryPush> {
  const event = record.safeParse(given);
  if (!event.success) return { kind: 'malformed', why: 'it is no object' };
  const { isSystemEvent } = await import('@azure/eventgrid');
  const decoded = await decode(event.data).catch((error: Error) => error);
  if (decoded instanceof Error) return { kind: 'malformed', why: decoded.message };
  const type = 'eventType' in decoded ? decoded.eventType : decoded.type;
  if (typeof type !== 'string' || type === '') return { kind: 'malformed', why: 'it has no type' };
  const isPush = 'eventType' in decoded ? isSystemEvent(pushed, decoded) : isSystemEvent(pushed, decoded);
  if (!isPush) return { kind: 'ignored', type, why: 'its type is another' };
  const source = 'eventType' in decoded ? decoded.topic : decoded.source;
  return readPush(type, source, decoded.data);
}

async function decode(event: Record<string, unknown>): Promise<EventGridEvent<unknown> | CloudEvent<unknown>> {
  const { EventGridDeserializer } = await import('@azure/eventgrid');
  const consumer = new EventGridDeserializer();
  const [decoded] =
    'specversion' in event
      ? await consumer.deserializeCloudEvents(event)
      : await consumer.deserializeEventGridEvents(event);
  if (decoded === undefined) throw new Error('it holds no event');
  return decoded;
}

function readPush(type: string, source: string | undefined, given: unknown): RegistryPush {
  const parsed = data.safeParse(given);
  if (!parsed.success) {
    const why = parsed.error.issues.map(({ path, message }) => `${['data', ...path].join('.')}: ${message}`);
    return { kind: 'malformed', why: why.join('; ') };
  }
  const { target, request } = parsed.data;
  const { repository, tag } = target;
  if (tag === undefined || tag === null || tag === '') {
    return { kind: 'ignored', type, why: 'it was pushed without a tag', repository };
  }
  if (!isTag(tag)) return { kind: 'malformed', why: 'data.target.tag: expected a tag' };
  const registry = registryOf(source, request?.host ?? undefined);
  if (!registry) return { kind: 'malformed', why: 'it names neither a registry as its source nor a host' };
  return { kind: 'push', type, push: { registry, repository: repository as Push['repository'], tag } };
}

/** The source is the registry's ARM id; a topic of one's own may have another, and then the host that was pushed to counts. */
function registryOf(source: string | undefined, host: string | undefined): Push['registry'] | undefined {
  if (source !== undefined && /\/Microsoft\.ContainerRegistry\/registries\/[^/]+$/i.test(source)) {
    return { resourceId: source };
  }
  return host === undefined ? undefined : { loginServer: host };
}
