import * as z from 'zod';
import type { RegisteredFunction } from './core-api.ts';
import type { BindingInfo, RetryOptions } from './core-types.ts';
import { parseRoute, type Route } from './http/route.ts';
import type { Settings } from './settings.ts';
import { resolveConnection, type StorageConnection } from './storage-connection.ts';
import { parseSchedule, type Schedule } from './timer/schedule.ts';

export const authLevels = ['anonymous', 'function', 'admin'] as const;
export type AuthLevel = (typeof authLevels)[number];

export interface QueueBinding {
  readonly queueName: string;
  readonly connection: StorageConnection;
}

export type Trigger =
  | {
      readonly kind: 'http';
      readonly route: Route;
      readonly methods: ReadonlySet<string>;
      readonly authLevel: AuthLevel;
    }
  | ({ readonly kind: 'queue' } & QueueBinding)
  | {
      readonly kind: 'timer';
      readonly schedule: Schedule;
      readonly runOnStartup: boolean;
      readonly useMonitor: boolean;
    }
  | { readonly kind: 'eventGrid' };

export type TriggerKind = Trigger['kind'];

export interface OutputBinding {
  readonly name: string;
  readonly queue: QueueBinding;
}

/** A function whose bindings the host can serve. */
export interface IndexedFunction<T extends Trigger = Trigger> {
  readonly name: string;
  readonly registered: RegisteredFunction;
  readonly triggerName: string;
  readonly trigger: T;
  readonly queueOutputs: readonly OutputBinding[];
  readonly retry: RetryOptions | undefined;
}

/** A function that the host leaves out, and why, as the real host words it. */
export interface FunctionInError {
  readonly name: string;
  readonly error: string;
}

class BindingError extends Error {}

const isTrigger = (type: string): boolean => type.toLowerCase().endsWith('trigger');

const indexing = (name: string, reason: string): string =>
  `Microsoft.Azure.WebJobs.Host: Error indexing method 'Functions.${name}'. ${reason}`;

const unsupported = (types: readonly string[]): string =>
  `The binding type(s) '${types.join(', ')}' are not registered. Please ensure the type is correct and the binding extension is installed. ` +
  'This local host has httpTrigger, queueTrigger, timerTrigger, eventGridTrigger, and the outputs http and queue.';

const queueOptions = z.object({
  queueName: z.string().min(1),
  connection: z.string().min(1).default('AzureWebJobsStorage'),
});
const httpOptions = z.object({
  route: z.string().optional(),
  methods: z.array(z.string().transform((method) => method.toUpperCase())).default(['GET', 'POST']),
  authLevel: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(authLevels)),
});
const timerOptions = z.object({
  schedule: z.string().min(1),
  runOnStartup: z.boolean().default(false),
  useMonitor: z.boolean().default(true),
});

function options<T>(schema: z.ZodType<T>, binding: BindingInfo): T {
  const parsed = schema.safeParse(binding);
  if (parsed.success) return parsed.data;
  throw new BindingError(`The ${binding.type} binding is invalid: ${z.prettifyError(parsed.error)}`);
}

function expand(settings: Settings, text: string): string {
  const expanded = settings.expand(text);
  if ('value' in expanded) return expanded.value;
  throw new BindingError(`Microsoft.Azure.WebJobs.Host: '%${expanded.missing}%' does not resolve to a value.`);
}

/** https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata */
const queueNamePattern = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;

function queueBinding(settings: Settings, binding: BindingInfo): QueueBinding {
  const { queueName, connection } = options(queueOptions, binding);
  const name = expand(settings, queueName).toLowerCase();
  if (!queueNamePattern.test(name)) {
    throw new BindingError(
      `'${name}' is not a valid queue name: 3 to 63 lower-case letters, digits and single dashes, none at either end.`,
    );
  }
  const resolved = resolveConnection(settings, expand(settings, connection), 'queue');
  if ('error' in resolved) {
    throw new BindingError(`Microsoft.Azure.WebJobs.Extensions.Storage.Queues: ${resolved.error}`);
  }
  return { queueName: name, connection: resolved };
}

function httpTrigger(name: string, routePrefix: string, binding: BindingInfo): Trigger {
  const { route, methods, authLevel } = options(httpOptions, binding);
  const own = route === undefined || route.trim() === '' ? name : route;
  if (/^\/*(admin|runtime)/i.test(own)) {
    throw new BindingError('The specified route conflicts with one or more built in routes.');
  }
  const parsed = parseRoute(routePrefix === '' ? own : `${routePrefix}/${own}`);
  if ('error' in parsed) throw new BindingError(parsed.error);
  return { kind: 'http', route: parsed, methods: new Set(methods), authLevel };
}

function timerTrigger(settings: Settings, binding: BindingInfo): Trigger {
  const { schedule, runOnStartup, useMonitor } = options(timerOptions, binding);
  const expression = expand(settings, schedule);
  const parsed = parseSchedule(expression, settings.get('WEBSITE_TIME_ZONE') ?? settings.get('TZ') ?? 'UTC');
  if (!parsed) {
    throw new BindingError(
      `The schedule expression '${expression}' was not recognized as a valid cron expression or timespan string.`,
    );
  }
  return { kind: 'timer', schedule: parsed, runOnStartup, useMonitor: useMonitor && !parsed.isSubMinute };
}

function parseTrigger(name: string, binding: BindingInfo, settings: Settings, routePrefix: string): Trigger {
  switch (binding.type.toLowerCase()) {
    case 'httptrigger':
      return httpTrigger(name, routePrefix, binding);
    case 'queuetrigger':
      return { kind: 'queue', ...queueBinding(settings, binding) };
    case 'timertrigger':
      return timerTrigger(settings, binding);
    case 'eventgridtrigger':
      return { kind: 'eventGrid' };
    default:
      throw new BindingError(unsupported([binding.type]));
  }
}

function indexOrThrow(registered: RegisteredFunction, settings: Settings, routePrefix: string): IndexedFunction {
  const { name, bindings, retryOptions } = registered.metadata;
  if (!/^[a-zA-Z][a-zA-Z0-9_-]{0,127}$/.test(name)) throw new BindingError(`'${name}' is not a valid function name.`);
  const all = Object.entries(bindings);
  const trigger = all.find(([, binding]) => isTrigger(binding.type));
  if (!trigger) throw new BindingError('No trigger binding specified. A function must have a trigger input binding.');
  const others = all.filter(([other]) => other !== trigger[0]);
  const unknown = others
    .filter(([, binding]) => binding.direction !== 'out' || !['http', 'queue'].includes(binding.type.toLowerCase()))
    .map(([, binding]) => binding.type);
  if (unknown.length > 0) throw new BindingError(unsupported(unknown));
  return {
    name,
    registered,
    triggerName: trigger[0],
    trigger: parseTrigger(name, trigger[1], settings, routePrefix),
    queueOutputs: others
      .filter(([, binding]) => binding.type.toLowerCase() === 'queue')
      .map(([output, binding]) => ({ name: output, queue: queueBinding(settings, binding) })),
    retry: retryOptions,
  };
}

/** Reads what a function was registered with; a fault of one function leaves the others alone. */
export function indexFunction(
  registered: RegisteredFunction,
  settings: Settings,
  routePrefix: string,
): IndexedFunction | FunctionInError {
  const { name } = registered.metadata;
  try {
    return indexOrThrow(registered, settings, routePrefix);
  } catch (error) {
    if (error instanceof BindingError) return { name, error: indexing(name, error.message) };
    throw error;
  }
}
