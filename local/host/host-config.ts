import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { LogLevel } from './core-types.ts';
import { HostError } from './host-error.ts';
import { parseJson, type Settings } from './settings.ts';
import { parseTimeSpan } from './time-span.ts';

const timeSpan = z.string().transform((text, context) => {
  const milliseconds = parseTimeSpan(text);
  if (milliseconds !== undefined) return milliseconds;
  context.addIssue({ code: 'custom', message: `'${text}' is not a TimeSpan (hh:mm:ss)` });
  return z.NEVER;
});

const unlimited = z.union([z.literal('-1'), z.literal(-1)]).transform(() => undefined);
const levels = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'] as const;
const level = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(levels));

/** Bounds are those of QueuesOptions in the storage extension. */
const queues = z.object({
  maxpollinginterval: timeSpan.pipe(z.number().min(100, 'must be at least 00:00:00.1')).default(60_000),
  visibilitytimeout: timeSpan.default(0),
  batchsize: z.coerce.number().int().min(1).max(32).default(16),
  maxdequeuecount: z.coerce.number().int().min(1).default(5),
  newbatchthreshold: z.coerce.number().int().min(0).optional(),
  messageencoding: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(['base64', 'none']))
    .default('base64'),
});

/** Property names are lower-cased before parsing: .NET configuration does not tell `batchSize` from `BatchSize`. */
const schema = z.object({
  version: z.literal('2.0'),
  functiontimeout: z.union([unlimited, timeSpan]).default(30 * 60_000),
  functions: z.array(z.string()).optional(),
  logging: z.object({ loglevel: z.record(z.string(), level).prefault({}) }).prefault({}),
  extensions: z
    .object({ http: z.object({ routeprefix: z.string().default('api') }).prefault({}), queues: queues.prefault({}) })
    .prefault({}),
});

export interface QueueOptions {
  /** Milliseconds. */
  readonly maxPollingInterval: number;
  /** Milliseconds until a failed message is visible again. */
  readonly visibilityTimeout: number;
  readonly batchSize: number;
  readonly maxDequeueCount: number;
  readonly newBatchThreshold: number;
  readonly messageEncoding: 'base64' | 'none';
}

export interface HostConfig {
  /** Milliseconds; undefined is no limit. */
  readonly functionTimeout: number | undefined;
  /** The only functions to run; undefined is all. */
  readonly functions: readonly string[] | undefined;
  /** Category prefix in lower case to lowest level shown. */
  readonly logLevels: Readonly<Record<string, LogLevel>>;
  readonly routePrefix: string;
  readonly queues: QueueOptions;
}

type Tree = { [name: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function lowerKeys(value: unknown): unknown {
  if (!isTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toLowerCase(), lowerKeys(inner)]));
}

/** `AzureFunctionsJobHost__extensions__queues__batchSize=1` sets one value of host.json. */
function override(tree: Tree, path: readonly string[], value: string): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const inner = tree[head];
  const next: Tree = isTree(inner) ? inner : {};
  tree[head] = next;
  override(next, rest, value);
}

const missingVersion =
  "The host.json file is missing the required 'version' property. " +
  'See https://aka.ms/functions-hostjson for steps to migrate the configuration file.';

/** Reads host.json; a missing file is the defaults, as the real host writes one. */
export async function readHostConfig(path: string, settings: Settings): Promise<HostConfig> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"version":"2.0"}';
    throw error;
  });
  const tree = lowerKeys(parseJson(text, path));
  if (!isTree(tree) || tree.version === undefined) throw new HostError(missingVersion);
  for (const [name, value] of settings.withPrefix('AzureFunctionsJobHost__')) override(tree, name.split('__'), value);
  const parsed = schema.safeParse(tree);
  if (!parsed.success) {
    const reason = z.prettifyError(parsed.error);
    throw new HostError(
      `The host.json file is invalid. Correct it, or the AzureFunctionsJobHost__ settings:\n${reason}`,
    );
  }
  const { queues: queue, http } = parsed.data.extensions;
  return {
    functionTimeout: parsed.data.functiontimeout,
    functions: parsed.data.functions,
    logLevels: parsed.data.logging.loglevel,
    routePrefix: http.routeprefix.replace(/^\/+|\/+$/g, ''),
    queues: {
      maxPollingInterval: queue.maxpollinginterval,
      visibilityTimeout: queue.visibilitytimeout,
      batchSize: queue.batchsize,
      maxDequeueCount: queue.maxdequeuecount,
      newBatchThreshold: queue.newbatchthreshold ?? Math.floor(queue.batchsize / 2),
      messageEncoding: queue.messageencoding,
    },
  };
}
