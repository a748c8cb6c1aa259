import * as z from 'zod';
import { filterSchema } from './filter.ts';

const webhook = z.object({
  type: z.literal('WebHook'),
  url: z.url({ protocol: /^https?$/ }),
  /** Sent with every delivery: Event Grid's custom delivery properties. */
  headers: z.record(z.string(), z.string()).default({}),
});

/** A function in the local host: its endpoint, the function's name and the host's Event Grid key. */
const azureFunction = z.object({
  type: z.literal('AzureFunction'),
  host: z.url({ protocol: /^https?$/ }),
  functionName: z.string().min(1),
  key: z.string().min(1),
});

/** An event subscription, named and valued as its ARM properties are. */
export const subscriptionSchema = z.object({
  name: z.string().regex(/^[A-Za-z0-9-]{3,64}$/, 'expected 3 to 64 letters, digits and dashes'),
  /** Names of the registries whose events it gets; absent: all. */
  registries: z.array(z.string().min(1)).min(1).optional(),
  destination: z.discriminatedUnion('type', [webhook, azureFunction]),
  eventDeliverySchema: z.enum(['EventGridSchema', 'CloudEventSchemaV1_0']).default('EventGridSchema'),
  filter: filterSchema.prefault({}),
  retryPolicy: z
    .object({
      maxDeliveryAttempts: z.number().int().min(1).max(30).default(30),
      eventTimeToLiveInMinutes: z.number().int().min(1).max(1440).default(1440),
    })
    .prefault({}),
  /** Without it, an event that cannot be delivered is lost. */
  deadLetter: z
    .object({ container: z.string().regex(/^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/, 'expected a blob container name') })
    .optional(),
});

export type SubscriptionOptions = z.input<typeof subscriptionSchema>;
export type Subscription = z.output<typeof subscriptionSchema>;

/** As ARM tells it. `AwaitingManualAction`: the endpoint has not echoed the code, but may open the validation URL. */
export type ProvisioningState = 'Succeeded' | 'AwaitingManualAction';

export interface SubscriptionInfo extends Subscription {
  readonly provisioningState: ProvisioningState;
}

/** Where the events of a subscription go. */
export function destinationUrl({ destination }: Subscription): string {
  if (destination.type === 'WebHook') return destination.url;
  const query = new URLSearchParams({ functionName: destination.functionName, code: destination.key });
  return `${destination.host.replace(/\/$/, '')}/runtime/webhooks/eventgrid?${query}`;
}

/** The same without secrets, for pages and logs. */
export function destinationLabel({ destination }: Subscription): string {
  if (destination.type === 'AzureFunction') return `function ${destination.functionName}`;
  const url = new URL(destination.url);
  return `${url.origin}${url.pathname}`;
}
