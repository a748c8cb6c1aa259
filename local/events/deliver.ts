import type { Clock } from './clock.ts';
import type { DeadLetters } from './dead-letter.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { type RegistryEvent, toWire } from './event.ts';
import { NoAnswer, type Sender } from './post.ts';
import { type Attempt, type DeadLetterReason, nextStep, outcomeOf } from './retry.ts';
import { destinationLabel, destinationUrl, type Subscription } from './subscription.ts';

export interface DelivererOptions {
  readonly clock: Clock;
  readonly sender: Sender;
  readonly deadLetters: DeadLetters;
  readonly log: DeliveryLog;
  readonly newId: () => string;
  /** What a second of Event Grid's schedule takes, in seconds. */
  readonly timeScale: () => number;
  /** False: the subscription was removed, so its events are not tried again. */
  readonly isWanted: (subscription: Subscription) => boolean;
}

export interface Deliverer {
  deliver(event: RegistryEvent, subscription: Subscription): void;
  /** Records a delivery that a fault took away. */
  drop(event: RegistryEvent, subscription: Subscription): void;
  /** Resolves when no event is under way or waits for another attempt. */
  idle(): Promise<void>;
  close(): void;
}

interface UnderWay {
  readonly id: string;
  readonly event: RegistryEvent;
  readonly subscription: Subscription;
  readonly published: number;
  attempts: number;
}

function headersOf({ subscription, attempts }: UnderWay): Readonly<Record<string, string>> {
  const isCloudEvent = subscription.eventDeliverySchema === 'CloudEventSchemaV1_0';
  return {
    ...(subscription.destination.type === 'WebHook' ? subscription.destination.headers : {}),
    'content-type': `application/${isCloudEvent ? 'cloudevents+json' : 'json'}; charset=utf-8`,
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': subscription.name.toUpperCase(),
    'aeg-delivery-count': String(attempts),
    ...(isCloudEvent ? {} : { 'aeg-data-version': '1.0', 'aeg-metadata-version': '1' }),
  };
}

/** An Event Grid event goes in an array of one; a CloudEvent goes alone. */
function bodyOf({ event, subscription }: UnderWay): string {
  const wire = toWire(event, subscription.eventDeliverySchema);
  return JSON.stringify(subscription.eventDeliverySchema === 'EventGridSchema' ? [wire] : wire);
}

/** Brings events to their subscriptions: at least once, in no order, by Event Grid's schedule. */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { clock, sender, deadLetters, log, newId, timeScale, isWanted } = options;
  const underWay = new Set<UnderWay>();
  const cancels = new Map<UnderWay, () => void>();
  let waiting: (() => void)[] = [];
  let isClosed = false;

  const wakeIfIdle = (): void => {
    if (underWay.size > 0) return;
    for (const wake of waiting) wake();
    waiting = [];
  };
  const finish = (one: UnderWay): void => {
    underWay.delete(one);
    wakeIfIdle();
  };

  async function send(one: UnderWay): Promise<Attempt> {
    try {
      const { status } = await sender.send('POST', destinationUrl(one.subscription), headersOf(one), bodyOf(one));
      return { status, outcome: outcomeOf(status) };
    } catch (error) {
      return { outcome: error instanceof NoAnswer ? error.outcome : 'Unreachable' };
    }
  }

  async function bury(one: UnderWay, attempt: Attempt, reason: DeadLetterReason): Promise<void> {
    const { subscription, event } = one;
    if (!subscription.deadLetter) return log.change(one.id, { state: 'lost', reason });
    const now = new Date(clock.now());
    const letter = {
      subscription: subscription.name,
      container: subscription.deadLetter.container,
      schema: subscription.eventDeliverySchema,
      event: toWire(event, subscription.eventDeliverySchema),
      reason,
      attempts: one.attempts,
      lastOutcome: attempt.outcome,
      lastStatus: attempt.status,
      published: new Date(one.published),
      lastAttempt: now,
    };
    try {
      log.change(one.id, { state: 'dead-lettered', reason, deadLetter: await deadLetters.write(letter, now, newId()) });
    } catch (error) {
      log.change(one.id, {
        state: 'lost',
        reason: `${reason}; writing the dead letter failed: ${(error as Error).message}`,
      });
    }
  }

  async function attempt(one: UnderWay): Promise<void> {
    cancels.delete(one);
    if (!isWanted(one.subscription)) {
      log.change(one.id, { state: 'lost', reason: 'the subscription was removed' });
      return finish(one);
    }
    const started = clock.now();
    const result = await send(one);
    if (isClosed) return finish(one);
    one.attempts++;
    const milliseconds = clock.now() - started;
    const recorded = { at: new Date(started).toISOString(), milliseconds, ...result };
    const age = (clock.now() - one.published) / timeScale();
    const next = nextStep(result, one.attempts, age, one.subscription.retryPolicy);
    switch (next.step) {
      case 'done':
        log.change(one.id, { attempt: recorded, state: 'delivered' });
        return finish(one);
      case 'deadLetter':
        log.change(one.id, { attempt: recorded, state: 'retrying' });
        await bury(one, result, next.reason);
        return finish(one);
      case 'retry': {
        const delay = next.delay * timeScale();
        const nextAttempt = new Date(clock.now() + delay).toISOString();
        log.change(one.id, { attempt: recorded, state: 'retrying', nextAttempt });
        cancels.set(
          one,
          clock.after(delay, () => void attempt(one)),
        );
      }
    }
  }

  const begin = (
    event: RegistryEvent,
    subscription: Subscription,
    state: 'pending' | 'dropped by a fault',
  ): UnderWay => {
    const one: UnderWay = { id: newId(), event, subscription, published: clock.now(), attempts: 0 };
    log.add({
      id: one.id,
      event,
      subscription: subscription.name,
      destination: destinationLabel(subscription),
      attempts: [],
      state,
    });
    return one;
  };

  return {
    deliver: (event, subscription) => {
      if (isClosed) return;
      const one = begin(event, subscription, 'pending');
      underWay.add(one);
      void attempt(one);
    },
    drop: (event, subscription) => void begin(event, subscription, 'dropped by a fault'),
    idle: () => (underWay.size === 0 ? Promise.resolve() : new Promise((wake) => waiting.push(wake))),
    close: () => {
      isClosed = true;
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
      underWay.clear();
      wakeIfIdle();
    },
  };
}
