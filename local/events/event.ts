import type { AzureScope, RegistryNotification } from '../contracts.ts';

export type DeliverySchema = 'EventGridSchema' | 'CloudEventSchemaV1_0';

/** What a registry event says, in either schema. https://learn.microsoft.com/azure/event-grid/event-schema-container-registry */
export interface RegistryEventData {
  readonly id: string;
  readonly timestamp: string;
  readonly action: 'push' | 'delete';
  readonly location: string;
  readonly target: {
    readonly mediaType?: string;
    readonly size?: number;
    readonly digest?: string;
    readonly length?: number;
    readonly repository: string;
    readonly tag?: string;
  };
  readonly request?: {
    readonly id: string;
    readonly host?: string;
    readonly method?: string;
    readonly useragent?: string;
  };
}

/** One event, before it takes the shape that a subscription asks for. */
export interface RegistryEvent {
  /** The same in every delivery and redelivery of this event. */
  readonly id: string;
  readonly registry: string;
  /** The registry's ARM id. */
  readonly source: string;
  readonly subject: string;
  readonly type: 'Microsoft.ContainerRegistry.ImagePushed' | 'Microsoft.ContainerRegistry.ImageDeleted';
  /** ISO 8601. */
  readonly time: string;
  readonly data: RegistryEventData;
}

/** The event a notification stands for; none where Azure raises none: a deletion of a tag alone has no digest. */
export function toEvent(
  notification: RegistryNotification,
  source: { readonly resourceId: string; readonly scope: AzureScope },
  stamp: { readonly id: string; readonly time: Date },
): RegistryEvent | undefined {
  const { target, action, request } = notification;
  if (target.digest === undefined) return undefined;
  const { mediaType, digest, repository } = target;
  const deleted = { ...(mediaType === undefined ? {} : { mediaType }), digest, repository };
  return {
    id: stamp.id,
    registry: notification.registry,
    source: source.resourceId,
    subject: action === 'push' && target.tag !== undefined ? `${repository}:${target.tag}` : repository,
    type: action === 'push' ? 'Microsoft.ContainerRegistry.ImagePushed' : 'Microsoft.ContainerRegistry.ImageDeleted',
    time: stamp.time.toISOString(),
    data: {
      id: notification.id,
      timestamp: notification.timestamp,
      action,
      location: source.scope.location,
      target: action === 'push' ? target : deleted,
      ...(request === undefined ? {} : { request }),
    },
  };
}

export type WireEvent = Readonly<Record<string, unknown>>;

/** The event as it goes over the wire, alone. */
export function toWire(event: RegistryEvent, schema: DeliverySchema): WireEvent {
  const { id, source, subject, type, time, data } = event;
  if (schema === 'CloudEventSchemaV1_0') return { id, source, subject, type, time, specversion: '1.0', data };
  return {
    id,
    topic: source,
    subject,
    eventType: type,
    eventTime: time,
    data,
    dataVersion: '1.0',
    metadataVersion: '1',
  };
}
