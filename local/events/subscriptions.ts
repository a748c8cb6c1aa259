import * as z from 'zod';
import type { Clock } from './clock.ts';
import type { DeadLetters } from './dead-letter.ts';
import type { RegistryEvent } from './event.ts';
import { wants } from './filter.ts';
import { handshake } from './handshake.ts';
import type { Sender } from './post.ts';
import {
  destinationUrl,
  type ProvisioningState,
  type Subscription,
  type SubscriptionInfo,
  type SubscriptionOptions,
  subscriptionSchema,
} from './subscription.ts';

/** A subscription cannot be made, and the message says why. */
export class SubscriptionError extends Error {
  override name = 'SubscriptionError';
}

export interface SubscriptionsOptions {
  readonly registries: readonly { readonly name: string; readonly resourceId: string }[];
  readonly clock: Clock;
  readonly newId: () => string;
  readonly sender: Sender;
  readonly deadLetters: DeadLetters;
  /** The URL that validates the subscription of that code. */
  readonly validationUrl: (code: string) => string;
}

export interface Subscriptions {
  /** Makes or replaces one, once its endpoint has agreed. Rejects with a SubscriptionError. */
  add(options: SubscriptionOptions): Promise<SubscriptionInfo>;
  remove(name: string): boolean;
  list(): readonly SubscriptionInfo[];
  /** False: the code is unknown, used or too old. */
  validate(code: string): boolean;
  /** Those that an event is for. */
  wanting(event: RegistryEvent): readonly Subscription[];
  /** False: it was removed or replaced since. */
  has(subscription: Subscription): boolean;
}

interface Entry {
  readonly subscription: Subscription;
  readonly since: number;
  state: ProvisioningState;
}

/** How long an endpoint may take to open the validation URL. */
const validationTime = 10 * 60_000;

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { registries, clock, newId, sender, deadLetters, validationUrl } = options;
  const entries = new Map<string, Entry>();
  /** Those whose endpoint may still open the URL, by code. */
  const pending = new Map<string, Entry>();
  const describe = ({ subscription, state }: Entry): SubscriptionInfo => ({
    ...subscription,
    provisioningState: state,
  });

  const parse = (given: SubscriptionOptions): Subscription => {
    const parsed = subscriptionSchema.safeParse(given);
    if (!parsed.success) throw new SubscriptionError(`The subscription is invalid: ${z.prettifyError(parsed.error)}`);
    const { name, registries: wanted } = parsed.data;
    const unknown = wanted?.find((one) => !registries.some((registry) => registry.name === one));
    if (unknown !== undefined) {
      const known = registries.map((registry) => registry.name).join(', ');
      throw new SubscriptionError(`Subscription ${name}: there is no registry '${unknown}', only ${known}.`);
    }
    return parsed.data;
  };

  const topicOf = ({ registries: wanted }: Subscription): string =>
    registries.find(({ name }) => wanted?.includes(name) ?? true)?.resourceId ?? '';

  return {
    add: async (given) => {
      const subscription = parse(given);
      if (subscription.deadLetter) await deadLetters.prepare(subscription.deadLetter.container);
      const code = newId().toUpperCase();
      const entry: Entry = { subscription, since: clock.now(), state: 'AwaitingManualAction' };
      pending.set(code, entry);
      const challenge = { code, url: validationUrl(code), topic: topicOf(subscription) };
      const result = await handshake(sender, subscription, challenge, clock);
      if ('refused' in result) {
        pending.delete(code);
        const where = new URL(destinationUrl(subscription)).origin;
        throw new SubscriptionError(
          `Webhook validation handshake failed for ${where}: ${result.refused}. It has to echo the validation code, or answer 200 and open the validation URL.`,
        );
      }
      // The URL may have been opened while the answer was on its way.
      if (result.state === 'Succeeded') entry.state = 'Succeeded';
      if (entry.state === 'Succeeded') pending.delete(code);
      entries.set(subscription.name, entry);
      return describe(entry);
    },
    remove: (name) => entries.delete(name),
    list: () => [...entries.values()].map(describe),
    validate: (code) => {
      const entry = pending.get(code);
      pending.delete(code);
      if (!entry || clock.now() - entry.since > validationTime) return false;
      entry.state = 'Succeeded';
      return true;
    },
    wanting: (event) =>
      [...entries.values()]
        .filter(({ state }) => state === 'Succeeded')
        .map(({ subscription }) => subscription)
        .filter(({ registries: wanted }) => wanted?.includes(event.registry) ?? true)
        .filter(({ filter, eventDeliverySchema }) => wants(filter, event, eventDeliverySchema)),
    has: (subscription) => entries.get(subscription.name)?.subscription === subscription,
  };
}
