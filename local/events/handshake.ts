import type { Clock } from './clock.ts';
import type { Sender } from './post.ts';
import { destinationUrl, type ProvisioningState, type Subscription } from './subscription.ts';

/** What an endpoint may open within ten minutes instead of echoing the code. */
export interface Challenge {
  readonly code: string;
  readonly url: string;
  readonly topic: string;
}

const own = (subscription: Subscription): Readonly<Record<string, string>> =>
  subscription.destination.type === 'WebHook' ? subscription.destination.headers : {};

async function handshakeEventGrid(sender: Sender, subscription: Subscription, challenge: Challenge, clock: Clock) {
  const event = {
    id: challenge.code,
    topic: challenge.topic,
    subject: '',
    data: { validationCode: challenge.code, validationUrl: challenge.url },
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    eventTime: new Date(clock.now()).toISOString(),
    metadataVersion: '1',
    dataVersion: '2',
  };
  const headers = {
    ...own(subscription),
    'content-type': 'application/json; charset=utf-8',
    'aeg-event-type': 'SubscriptionValidation',
    'aeg-subscription-name': subscription.name.toUpperCase(),
    'aeg-delivery-count': '0',
  };
  const answer = await sender.send('POST', destinationUrl(subscription), headers, JSON.stringify([event]));
  // Event Grid wants 200; a 202 that it documents too leaves the subscription waiting for the URL.
  if (answer.status !== 200 && answer.status !== 202) return { refused: `it answered ${answer.status}` };
  return { isEchoed: answer.status === 200 && echoes(answer.body, challenge.code) };
}

function echoes(body: string, code: string): boolean {
  try {
    return (JSON.parse(body) as { validationResponse?: unknown } | null)?.validationResponse === code;
  } catch {
    return false;
  }
}

const origin = 'eventgrid.azure.net';

/** https://github.com/cloudevents/spec/blob/v1.0/http-webhook.md#4-abuse-protection */
async function handshakeCloudEvents(sender: Sender, subscription: Subscription, challenge: Challenge) {
  const headers = {
    ...own(subscription),
    'webhook-request-origin': origin,
    'webhook-request-callback': challenge.url,
    'webhook-request-rate': '120',
  };
  const answer = await sender.send('OPTIONS', destinationUrl(subscription), headers);
  if (answer.status < 200 || answer.status > 299) return { refused: `it answered ${answer.status}` };
  const allowed = answer.headers['webhook-allowed-origin'];
  return { isEchoed: allowed === '*' || allowed === origin };
}

/** Asks the endpoint whether it wants events. An endpoint that answers but does not agree may still open the URL. */
export async function handshake(
  sender: Sender,
  subscription: Subscription,
  challenge: Challenge,
  clock: Clock,
): Promise<{ readonly state: ProvisioningState } | { readonly refused: string }> {
  try {
    const result =
      subscription.eventDeliverySchema === 'EventGridSchema'
        ? await handshakeEventGrid(sender, subscription, challenge, clock)
        : await handshakeCloudEvents(sender, subscription, challenge);
    if ('refused' in result) return { refused: result.refused ?? '' };
    return { state: result.isEchoed ? 'Succeeded' : 'AwaitingManualAction' };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}
