import type { Delivery } from '../events/index.ts';
import type { LocalAzure } from '../index.ts';
import { type Html, html } from './html.ts';
import type { Page } from './layout.ts';
import { ago, duration, empty, status, table, withoutMilliseconds } from './parts.ts';

const underWay = ({ state }: Delivery) => state === 'pending' || state === 'retrying';

export function eventsPage(azure: LocalAzure, now: Date): Page {
  const body = html`<h1>Events</h1><h2>Subscriptions</h2>${subscriptions(azure)}<h2>Deliveries</h2>${deliveriesTable(azure, now, 200)}`;
  const busy = azure.has('events') && azure.events.deliveries(200).some(underWay);
  return { title: 'Events', body, ...(busy ? { refresh: 2 } : {}) };
}

function subscriptions(azure: LocalAzure): Html {
  const listed = azure.has('events') ? azure.events.subscriptions() : [];
  if (listed.length === 0) {
    const example = azure.has('events')
      ? `curl -X PUT ${azure.events.control}/subscriptions/mine -d '${exampleBody}'`
      : undefined;
    return empty('Nobody subscribes to events yet.', example);
  }
  return table(
    ['Subscription', 'Goes to', 'Registries', 'Schema', 'Dead letters', 'State'],
    listed.map((one) => [
      html`<strong>${one.name}</strong>`,
      one.destination.type === 'AzureFunction'
        ? `function ${one.destination.functionName}`
        : withoutQuery(one.destination.url),
      one.registries?.join(', ') ?? 'all',
      one.eventDeliverySchema,
      one.deadLetter?.container ?? 'none: lost',
      one.provisioningState,
    ]),
  );
}

const exampleBody = '{"destination":{"type":"WebHook","url":"http://127.0.0.1:8080/"}}';

/** What follows the question mark may be a secret. */
const withoutQuery = (url: string) => url.split('?')[0] ?? '';

export function deliveriesTable(azure: LocalAzure, now: Date, count: number): Html {
  const deliveries = azure.has('events') ? azure.events.deliveries(count) : [];
  if (deliveries.length === 0) return empty('No event has gone out yet: push an image, and have a subscription to it.');
  return table(
    ['Event', 'Subject', 'Goes to', 'Ended', 'Attempts', 'Raised'],
    deliveries.map((delivery) => [
      delivery.event.type.replace('Microsoft.ContainerRegistry.', ''),
      html`<div class="subject">${delivery.event.subject}</div><span class="aside">${registryOf(delivery)}</span>`,
      delivery.destination,
      ended(delivery),
      attempts(delivery),
      ago(new Date(delivery.event.time), now),
    ]),
  );
}

/** The reason is shown where the attempts beside it do not say it already. */
function ended({ state, reason, deadLetter, attempts: made }: Delivery): Html {
  const why = made.length === 0 && reason ? html` <span class="aside">${reason}</span>` : undefined;
  const where = deadLetter
    ? html`<div><code class="copy path" title="${deadLetter}">${deadLetter}</code></div>`
    : undefined;
  return html`${status(state)}${why}${where}`;
}

const registryOf = ({ event }: Delivery) => event.source.split('/').at(-1) ?? '';

function attempts({ attempts: made, nextAttempt }: Delivery): Html {
  const lines = made.map(
    (attempt) =>
      html`<div title="${withoutMilliseconds(attempt.at)}">${attempt.outcome} <span class="aside">${duration(attempt.milliseconds)}</span></div>`,
  );
  return html`${lines}${nextAttempt ? html`<div class="aside">next at ${withoutMilliseconds(nextAttempt)}</div>` : undefined}`;
}
