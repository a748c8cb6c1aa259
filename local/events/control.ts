import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { Closeable } from '../contracts.ts';
import { listen } from '../listen.ts';
import { faultSchema } from './faults.ts';
import type { LocalEvents } from './index.ts';
import { settingsSchema } from './settings.ts';
import { destinationLabel, type SubscriptionInfo, type SubscriptionOptions } from './subscription.ts';
import { SubscriptionError } from './subscriptions.ts';

interface ControlOptions {
  readonly events: Omit<LocalEvents, 'control' | 'close'>;
  /** Opens the validation URL of a subscription. */
  readonly validate: (code: string) => boolean;
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** A request the endpoint cannot take: the message is the answer. */
class BadRequest extends Error {}

const largestBody = 1_048_576;

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new BadRequest('The body is larger than 1 MiB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new BadRequest(`The body is not JSON: ${(error as Error).message}`);
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BadRequest(z.prettifyError(parsed.error));
}

/** The key of a function stays out of what is shown. */
function shown(info: SubscriptionInfo): unknown {
  const destination = { type: info.destination.type, endpoint: destinationLabel(info) };
  return { ...info, destination };
}

const notification = z.object({
  registry: z.string(),
  action: z.enum(['push', 'delete']).default('push'),
  repository: z.string(),
  tag: z.string().optional(),
  digest: z.string(),
  mediaType: z.string().optional(),
  byImport: z.boolean().default(false),
});

type Handler = (given: {
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: () => Promise<unknown>;
}) => Promise<Answer> | Answer;

/** `METHOD /first-segment`, with `/*` where a name follows. */
function createHandlers({ events, validate }: ControlOptions): Readonly<Record<string, Handler>> {
  return {
    'GET /subscriptions': () => ({ status: 200, body: events.subscriptions().map(shown) }),
    'PUT /subscriptions/*': async ({ name, body }) => {
      const given = parse(z.record(z.string(), z.unknown()), await body());
      const info = await events.subscribe({ ...given, name } as SubscriptionOptions);
      return { status: 201, body: shown(info) };
    },
    'DELETE /subscriptions/*': ({ name }) => ({ status: events.unsubscribe(name) ? 204 : 404 }),
    'GET /faults': () => ({ status: 200, body: events.faults.list() }),
    'POST /faults': async ({ body }) => ({ status: 201, body: events.faults.add(parse(faultSchema, await body())) }),
    'DELETE /faults': () => {
      events.faults.clear();
      return { status: 204 };
    },
    'DELETE /faults/*': ({ name }) => ({ status: events.faults.remove(name) ? 204 : 404 }),
    'GET /settings': () => ({ status: 200, body: events.settings() }),
    'PATCH /settings': async ({ body }) => {
      const change = parse(settingsSchema.partial().strict(), await body());
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      return { status: 200, body: events.configure(given) };
    },
    'GET /deliveries': ({ query }) => {
      const count = parse(z.coerce.number().int().min(1).max(1000), query.get('count') ?? '100');
      return { status: 200, body: events.deliveries(count) };
    },
    'POST /events': async ({ body }) => {
      const { registry, action, byImport, ...target } = parse(notification, await body());
      const now = new Date().toISOString();
      const { tag, mediaType, ...rest } = target;
      const optional = { ...(tag === undefined ? {} : { tag }), ...(mediaType === undefined ? {} : { mediaType }) };
      const id = crypto.randomUUID();
      const event = events.publish({
        registry,
        id,
        timestamp: now,
        action,
        target: { ...rest, ...optional },
        byImport,
      });
      return event
        ? { status: 202, body: event }
        : { status: 404, body: { error: `No event: is '${registry}' a local registry?` } };
    },
    'GET /validate': ({ query }) =>
      validate(query.get('id') ?? '')
        ? { status: 200, body: 'The subscription is validated.' }
        : {
            status: 404,
            body: {
              error: 'No subscription waits for this validation: it is unknown, done, or older than 10 minutes.',
            },
          },
  };
}

/** A plain endpoint on the loopback address, so that scripts and other processes can switch what they need. */
export async function startControl(options: ControlOptions): Promise<Closeable & { readonly endpoint: string }> {
  const handlers = createHandlers(options);

  const answer = async (incoming: IncomingMessage): Promise<Answer> => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const [first = '', ...rest] = url.pathname.split('/').filter((part) => part !== '');
    const key = `${incoming.method} /${first}${rest.length > 0 ? '/*' : ''}`;
    const handler = Object.hasOwn(handlers, key) ? handlers[key] : undefined;
    if (!handler || rest.length > 1) {
      return {
        status: 404,
        body: {
          error: `There is no ${incoming.method} ${url.pathname}. There are: ${Object.keys(handlers).join(', ')}.`,
        },
      };
    }
    try {
      return await handler({ name: rest[0] ?? '', query: url.searchParams, body: () => readJson(incoming) });
    } catch (error) {
      if (error instanceof BadRequest || error instanceof SubscriptionError)
        return { status: 400, body: { error: error.message } };
      return { status: 500, body: { error: (error as Error).message } };
    }
  };

  const server = await listen(
    (incoming, outgoing) => {
      void answer(incoming)
        .catch((error: Error): Answer => ({ status: 400, body: { error: error.message } }))
        .then(({ status, body }) => {
          outgoing.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
          outgoing.end(body === undefined ? undefined : JSON.stringify(body));
        });
    },
    { part: 'the control endpoint of events', port: options.port },
  );
  return { endpoint: `http://127.0.0.1:${server.port}`, close: server.close };
}
