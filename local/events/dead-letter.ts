import type { BlobServiceClient } from '@azure/storage-blob';
import type { DeliverySchema, WireEvent } from './event.ts';
import type { DeadLetterReason } from './retry.ts';

export interface DeadLetter {
  readonly subscription: string;
  readonly container: string;
  readonly schema: DeliverySchema;
  readonly event: WireEvent;
  readonly reason: DeadLetterReason;
  readonly attempts: number;
  readonly lastOutcome: string;
  readonly lastStatus: number | undefined;
  readonly published: Date;
  readonly lastAttempt: Date;
}

/** The properties that Event Grid adds; CloudEvents attributes are lower case. */
function withReason(letter: DeadLetter): WireEvent {
  const properties: Record<string, unknown> = {
    deadLetterReason: letter.reason,
    deliveryAttempts: letter.attempts,
    lastDeliveryOutcome: letter.lastOutcome,
    ...(letter.lastStatus === undefined ? {} : { lastHttpStatusCode: letter.lastStatus }),
    publishTime: letter.published.toISOString(),
    lastDeliveryAttemptTime: letter.lastAttempt.toISOString(),
  };
  if (letter.schema === 'EventGridSchema') return { ...letter.event, ...properties };
  const lower = Object.entries(properties).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...letter.event, ...Object.fromEntries(lower) };
}

/** `SUBSCRIPTION/YYYY/M/D/H/<id>.json`: the name in upper case, the numbers without leading zeros, UTC. */
export function deadLetterPath(subscription: string, time: Date, id: string): string {
  const parts = [time.getUTCFullYear(), time.getUTCMonth() + 1, time.getUTCDate(), time.getUTCHours()];
  return `${subscription.toUpperCase()}/${parts.join('/')}/${id}.json`;
}

export interface DeadLetters {
  prepare(container: string): Promise<void>;
  /** Answers `container/path` of the blob. */
  write(letter: DeadLetter, now: Date, id: string): Promise<string>;
}

/** Dead letters are real blobs, one an event, each an array. The client is made when the first is needed. */
export function createDeadLetters(blobService: () => Promise<BlobServiceClient>): DeadLetters {
  let opened: Promise<BlobServiceClient> | undefined;
  const container = async (name: string) => {
    opened ??= blobService();
    return (await opened).getContainerClient(name);
  };
  return {
    prepare: async (name) => void (await (await container(name)).createIfNotExists()),
    write: async (letter, now, id) => {
      const path = deadLetterPath(letter.subscription, now, id);
      const text = JSON.stringify([withReason(letter)]);
      const blob = (await container(letter.container)).getBlockBlobClient(path);
      await blob.upload(text, Buffer.byteLength(text), { blobHTTPHeaders: { blobContentType: 'application/json' } });
      return `${letter.container}/${path}`;
    },
  };
}
