import { randomUUID } from 'node:crypto';
import type { BlobServiceClient } from '@azure/storage-blob';
import type { AzureScope, Closeable, LocalRegistry, RegistryNotification } from '../contracts.ts';
import { type Clock, systemClock } from './clock.ts';
import { startControl } from './control.ts';
import { createDeadLetters } from './dead-letter.ts';
import { createDeliverer } from './deliver.ts';
import { createDeliveryLog, type Delivery } from './delivery-log.ts';
import { type RegistryEvent, toEvent } from './event.ts';
import { createFaults, type Faults } from './faults.ts';
import { createSender } from './post.ts';
import { type EventSettings, settingsSchema } from './settings.ts';
import type { SubscriptionInfo, SubscriptionOptions } from './subscription.ts';
import { createSubscriptions } from './subscriptions.ts';

export type { Delivery, DeliveryAttempt, DeliveryState } from './delivery-log.ts';
export type { RegistryEvent } from './event.ts';
export type { Fault, FaultOptions, Faults } from './faults.ts';
export type { EventSettings } from './settings.ts';
export type { SubscriptionInfo, SubscriptionOptions } from './subscription.ts';
export { SubscriptionError } from './subscriptions.ts';

export interface EventsOptions {
  readonly scope: AzureScope;
  readonly registries: readonly Pick<LocalRegistry, 'name' | 'resourceId' | 'onNotification'>[];
  /** Where dead letters go; asked for when the first subscription with a container is made. */
  readonly blobService: () => Promise<BlobServiceClient>;
  /** Certificates (PEM) that https endpoints are trusted by. */
  readonly ca?: string;
  /** Port of the control endpoint; default 0, a free one. */
  readonly port?: number;
  /** Default: import events on, the schedule in real time. */
  readonly settings?: Partial<EventSettings>;
  /** Milliseconds an endpoint has to answer. Default 30,000, as Event Grid's. */
  readonly timeout?: number;
  readonly clock?: Clock;
  readonly newId?: () => string;
}

export interface LocalEvents extends Closeable {
  /** `http://127.0.0.1:PORT`: subscriptions, faults, settings and deliveries, for other processes. */
  readonly control: string;
  /** Makes or replaces a subscription, once its endpoint has agreed. Rejects with a SubscriptionError. */
  subscribe(options: SubscriptionOptions): Promise<SubscriptionInfo>;
  /** False: there is none of that name. */
  unsubscribe(name: string): boolean;
  subscriptions(): readonly SubscriptionInfo[];
  readonly faults: Faults;
  settings(): EventSettings;
  configure(change: Partial<EventSettings>): EventSettings;
  /** As if a registry had told it. Undefined where that raises no event. */
  publish(notification: RegistryNotification): RegistryEvent | undefined;
  /** The newest first; the last 1,000 are kept. */
  deliveries(count?: number): readonly Delivery[];
  /** Resolves when nothing is under way or waits for another attempt. */
  idle(): Promise<void>;
}

/** Event Grid for the local registries. */
export async function startEvents(options: EventsOptions): Promise<LocalEvents> {
  const { scope, registries, clock = systemClock, newId = randomUUID, timeout = 30_000 } = options;
  let settings: EventSettings = settingsSchema.parse({ importEvents: true, timeScale: 1, ...options.settings });
  let endpoint = '';
  const sender = createSender({ ca: options.ca, timeout });
  const deadLetters = createDeadLetters(options.blobService);
  const validationUrl = (code: string) => `${endpoint}/validate?id=${code}`;
  const subscriptions = createSubscriptions({ registries, clock, newId, sender, deadLetters, validationUrl });
  const log = createDeliveryLog(1000);
  const timeScale = () => settings.timeScale;
  const deliverer = createDeliverer({ clock, sender, deadLetters, log, newId, timeScale, isWanted: subscriptions.has });
  const faults = createFaults(clock, newId);

  const publish = (notification: RegistryNotification): RegistryEvent | undefined => {
    const registry = registries.find(({ name }) => name === notification.registry);
    if (!registry || (notification.byImport && !settings.importEvents)) return undefined;
    const stamp = { id: newId(), time: new Date(clock.now()) };
    const event = toEvent(notification, { resourceId: registry.resourceId, scope }, stamp);
    if (!event) return undefined;
    for (const subscription of subscriptions.wanting(event)) {
      const fate = faults.apply(event, subscription.name, () => deliverer.deliver(event, subscription));
      if (fate === 'dropped') deliverer.drop(event, subscription);
    }
    return event;
  };
  for (const registry of registries) registry.onNotification((notification) => void publish(notification));

  const events: Omit<LocalEvents, 'control' | 'close'> = {
    subscribe: subscriptions.add,
    unsubscribe: subscriptions.remove,
    subscriptions: subscriptions.list,
    faults,
    settings: () => settings,
    configure: (change) => {
      settings = settingsSchema.parse({ ...settings, ...change });
      return settings;
    },
    publish,
    deliveries: (count = 100) => log.newest(count),
    idle: deliverer.idle,
  };
  const control = await startControl({ events, validate: subscriptions.validate, port: options.port ?? 0 });
  endpoint = control.endpoint;
  return {
    ...events,
    control: endpoint,
    close: async () => {
      deliverer.close();
      await control.close();
      sender.close();
    },
  };
}
