import type { QueueClient } from '@azure/storage-queue';
import { credentialFor, type StorageConnection } from '../storage-connection.ts';

/** Opens one queue. The SDK is loaded at the first call only: an app without queues does not pay for it. */
export async function openQueue(connection: StorageConnection, name: string): Promise<QueueClient> {
  const { QueueServiceClient } = await import('@azure/storage-queue');
  const service =
    connection.kind === 'connectionString'
      ? QueueServiceClient.fromConnectionString(connection.value)
      : new QueueServiceClient(connection.url, await credentialFor(connection.clientId));
  return service.getQueueClient(name);
}

/** True for a storage error of that HTTP status. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && statuses.includes(status);
}

/** Puts a message into a queue, and creates the queue first where there is none. */
export async function sendCreating(queue: QueueClient, text: string): Promise<void> {
  try {
    await queue.sendMessage(text);
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    await queue.createIfNotExists();
    await queue.sendMessage(text);
  }
}
