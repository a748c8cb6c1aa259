/**
 * Reads what Event Grid delivers, in its own schema or as a CloudEvent.
 * https://learn.microsoft.com/azure/event-grid/event-schema-container-registry
 */
import type { CloudEvent, EventGridEvent, KnownSystemEventTypes, SystemEventNameToEventData } from '@azure/eventgrid';
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

const pushed = 'Microsoft.ContainerRegistry.ImagePushed' satisfies KnownSystemEventTypes;

type PushData = SystemEventNameToEventData[typeof pushed];

/** Of the event's data only what is used; the rest may change. */
const data = z.object({
  target: z.object({
    repository: z.string().refine(isRepository, 'expected a repository'),
    tag: z.string().nullish(),
  }),
  request: z.object({ host: z.string().nullish() }).nullish(),
}) satisfies z.ZodType<DeepPartial<PushData>>;

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> | null | undefined } : T;

/** The two schemas, as the library types them. Its deserializer is left out: it would add a tenth to the bundle. */
const event = z.object({
  eventType: z.string().min(1),
  topic: z.string().optional(),
  data: z.unknown(),
}) satisfies z.ZodType<Pick<EventGridEvent<unknown>, 'eventType' | 'data'>>;
const cloudEvent = z.object({
  specversion: z.string(),
  type: z.string().min(1),
  source: z.string(),
  data: z.unknown(),
}) satisfies z.ZodType<Pick<CloudEvent<unknown>, 'type' | 'source'>>;

const either = z.union([
  cloudEvent.transform(({ type, source, data }) => ({ type, source, data })),
  event.transform(({ eventType, topic, data }) => ({ type: eventType, source: topic, data })),
]);

export function readRegistryPush(given: unknown): RegistryPush {
  const parsed = either.safeParse(given);
  if (!parsed.success) {
    return {
      kind: 'malformed',
      why: 'it is neither of the Event Grid schema nor a CloudEvent with a type and a source',
    };
  }
  const { type, source, data } = parsed.data;
  if (type !== pushed) return { kind: 'ignored', type, why: 'its type is another' };
  return readPush(type, source, data);
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
