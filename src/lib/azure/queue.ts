import type { TokenCredential } from '@azure/identity';
import type { QueueClient, StoragePipelineOptions, StorageSharedKeyCredential } from '@azure/storage-queue';
import * as z from 'zod';
import { isTag } from '../image/names.ts';
import { nextForStatus, PortError } from '../pipeline/errors.ts';
import type { Message } from '../pipeline/message.ts';
import type { Queue } from '../pipeline/ports.ts';
import { defaultQueueName } from '../pipeline/queue-name.ts';
import { explainCall, within } from './deadlines.ts';

export { defaultQueueName };

/** The service's bound on how long a message can stay invisible. */
const longestDelay = 7 * 24 * 60 * 60;

export interface QueueOptions {
  /** `https://ACCOUNT.queue.core.windows.net`, or `https://HOST:PORT/ACCOUNT`. */
  readonly endpoint: string;
  readonly credential: TokenCredential | StorageSharedKeyCredential;
  /** Default `sluice-runs`. */
  readonly name?: string;
  readonly client?: StoragePipelineOptions;
}

/** Names only; nothing is asked of the service. */
export async function openQueue(options: QueueOptions): Promise<QueueClient> {
  const { QueueClient } = await import('./sdk/queue.ts');
  const { endpoint, credential, name = defaultQueueName, client } = options;
  return new QueueClient(`${endpoint.replace(/\/$/, '')}/${name}`, credential, client);
}

/** Creates the queue where there is none. On Azure the infrastructure does that. */
export async function ensureQueue(client: QueueClient): Promise<void> {
  await client.createIfNotExists({ abortSignal: within('write') }).catch((cause: unknown) => {
    throw failure('create queue', client.name, cause);
  });
}

/** A message that is sent twice, because the first answer was lost, is dropped by its version. */
export function storageQueue(client: QueueClient): Queue {
  return {
    async send(message, delay) {
      const visibilityTimeout = Math.max(0, Math.ceil(delay / 1000));
      if (!(visibilityTimeout <= longestDelay)) {
        throw new RangeError(`Cannot delay a message by ${delay} ms: a queue holds it back for 7 days at most.`);
      }
      // -1: it never expires. The default, 7 days, would have to exceed the delay.
      const options = { visibilityTimeout, messageTimeToLive: -1, abortSignal: within('write') };
      await client.sendMessage(encodeMessage(message), options).catch((cause: unknown) => {
        throw failure('send message for', message.run, cause);
      });
    },
  };
}

/** Base64 of JSON: what the Functions host expects of a message by default. */
export function encodeMessage(message: Message): string {
  return Buffer.from(JSON.stringify(message), 'utf8').toString('base64');
}

const schema: z.ZodType<Message> = z.object({
  tracked: z.object({
    image: z.string(),
    tag: z.custom<Message['tracked']['tag']>((value) => typeof value === 'string' && isTag(value), 'expected a tag'),
  }),
  run: z.string(),
  version: z.number(),
});

/**
 * What a queue trigger gives: the host has decoded the base64 or not, as its `messageEncoding` says, and has parsed the
 * JSON where it found some. Throws where it is no such message: after its tries the host puts it among the poisoned.
 */
export function parseMessage(entry: unknown): Message {
  const parsed = schema.safeParse(typeof entry === 'string' ? jsonOf(entry) : entry);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new TypeError(
    `A queue message is not Sluice's: ${why}. Expected {"tracked":{"image","tag"},"run","version"}; nothing else may send to this queue.`,
  );
}

function jsonOf(text: string): unknown {
  const json = text.trimStart().startsWith('{') ? text : Buffer.from(text, 'base64').toString('utf8');
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function failure(operation: string, target: string, cause: unknown): PortError {
  const status = (cause as { statusCode?: number } | undefined)?.statusCode;
  const next = nextForStatus(status);
  return new PortError(
    explainCall(cause),
    {
      operation,
      target,
      next,
      ...(next === 'stall'
        ? { advice: 'Check that the queue exists and that the app has the role Storage Queue Data Contributor.' }
        : {}),
    },
    { cause },
  );
}
