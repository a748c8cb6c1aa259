import type { RegistryEvent } from './event.ts';

/** Where one event is on its way to one subscription. */
export type DeliveryState = 'pending' | 'delivered' | 'retrying' | 'dead-lettered' | 'lost' | 'dropped by a fault';

export interface DeliveryAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly milliseconds: number;
  readonly status?: number;
  readonly outcome: string;
}

export interface Delivery {
  readonly id: string;
  readonly event: RegistryEvent;
  readonly subscription: string;
  /** Without secrets. */
  readonly destination: string;
  readonly attempts: readonly DeliveryAttempt[];
  readonly state: DeliveryState;
  /** ISO 8601, while it waits for its next attempt. */
  readonly nextAttempt?: string;
  /** Why it was given up. */
  readonly reason?: string;
  /** `container/path` of the dead letter. */
  readonly deadLetter?: string;
}

type Change = Partial<Pick<Delivery, 'state' | 'nextAttempt' | 'reason' | 'deadLetter'>> & {
  readonly attempt?: DeliveryAttempt;
};

export interface DeliveryLog {
  add(delivery: Delivery): void;
  change(id: string, change: Change): void;
  /** The newest first. */
  newest(count: number): readonly Delivery[];
}

/** Keeps the last `capacity` deliveries; an older one that is still under way goes on without being shown. */
export function createDeliveryLog(capacity: number): DeliveryLog {
  const byId = new Map<string, Delivery>();
  return {
    add: (delivery) => {
      byId.set(delivery.id, delivery);
      const oldest = byId.keys().next();
      if (byId.size > capacity && oldest.done !== true) byId.delete(oldest.value);
    },
    change: (id, { attempt, ...rest }) => {
      const delivery = byId.get(id);
      if (!delivery) return;
      const { nextAttempt: _, ...settled } = delivery;
      byId.set(id, { ...settled, ...rest, attempts: attempt ? [...delivery.attempts, attempt] : delivery.attempts });
    },
    newest: (count) => [...byId.values()].reverse().slice(0, count),
  };
}
