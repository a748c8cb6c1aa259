import type { IndexedFunction, Trigger } from '../bindings.ts';
import type { Invocation } from '../core-types.ts';
import { type HostKeys, isEventGridKey } from '../keys.ts';
import type { Execute } from './functions.ts';
import { json, type Request, type Response } from './server.ts';

export type EventGridFunction = IndexedFunction<Extract<Trigger, { kind: 'eventGrid' }>>;

type Event = { readonly [name: string]: unknown };

const isEvent = (value: unknown): value is Event =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Event Grid sends an array; a CloudEvent in structured mode comes alone. */
function parseEvents(body: Buffer): readonly Event[] | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const events = Array.isArray(value) ? value : [value];
    return events.every(isEvent) ? events : undefined;
  } catch {
    return undefined;
  }
}

function invocationOf(event: Event): Invocation {
  return {
    reason: `EventGrid trigger fired at ${new Date().toISOString()}`,
    data: { json: JSON.stringify(event) },
    metadata: { data: { json: JSON.stringify(event.data ?? null) } },
  };
}

function validationResponse(events: readonly Event[]): Response {
  const data = events[0]?.data;
  const code = isEvent(data) ? data.validationCode : undefined;
  return typeof code === 'string' ? json(200, { validationResponse: code }) : { status: 400 };
}

/** `/runtime/webhooks/eventgrid?functionName=NAME&code=KEY`, as the Event Grid extension answers it. */
export function createEventGridWebhook(functions: readonly EventGridFunction[], keys: HostKeys, execute: Execute) {
  const byName = new Map(functions.map((indexed) => [indexed.name.toLowerCase(), indexed]));
  return async (request: Request): Promise<Response> => {
    if (!isEventGridKey(keys, request.key)) return { status: 401 };
    const name = request.url.searchParams.get('functionName') ?? '';
    const indexed = byName.get(name.toLowerCase());
    if (!indexed) return { status: 404, body: `cannot find function: '${name}'` };
    if (request.method === 'OPTIONS') {
      const origin = request.headers['webhook-request-origin'];
      return origin ? { status: 200, headers: { 'Webhook-Allowed-Origin': origin } } : { status: 400 };
    }
    const kind = request.headers['aeg-event-type']?.toLowerCase();
    if (kind === 'unsubscribe') return { status: 202 };
    const events = parseEvents(request.body);
    if (!events) return { status: 400 };
    if (kind === 'subscriptionvalidation') return validationResponse(events);
    if (kind !== 'notification') return { status: 400 };
    const results = await Promise.all(events.map((event) => execute(indexed, invocationOf(event))));
    return { status: results.every((result) => result.ok) ? 202 : 500 };
  };
}
