import type { DequeuedMessageItem } from '@azure/storage-queue';
import { hasStatus, sendCreating } from './client.ts';
import type { QueueListenerOptions } from './listener.ts';
import { decodeMessage } from './message.ts';

/** Takes one message to its end: called and deleted, made visible again, or moved to the poison queue. */
export async function processMessage(
  listener: QueueListenerOptions,
  message: DequeuedMessageItem,
  stopping: () => boolean,
): Promise<void> {
  const { queue, options } = listener;
  if (stopping()) return release(listener, message.messageId, message.popReceipt, 0);
  if (message.dequeueCount > options.maxDequeueCount) return moveToPoison(listener, message, message.popReceipt);
  const body = decodeMessage(message.messageText, options.messageEncoding);
  if (body === undefined) {
    listener.log(
      'error',
      `Message '${message.messageId}' of queue '${queue.name}' is not ${options.messageEncoding}-encoded text.`,
    );
    return moveToPoison(listener, message, message.popReceipt);
  }
  const renewal = keepInvisible(listener, message);
  const result = await listener.execute(message, body);
  const popReceipt = await renewal.end();
  if (result.ok) return remove(listener, message.messageId, popReceipt);
  if (!listener.poison) return;
  if (message.dequeueCount >= options.maxDequeueCount) return moveToPoison(listener, message, popReceipt);
  return release(listener, message.messageId, popReceipt, Math.floor(options.visibilityTimeout / 1000));
}

/** Renews while the function runs. Every renewal changes the receipt, so the end waits for one under way. */
function keepInvisible(listener: QueueListenerOptions, message: DequeuedMessageItem) {
  const { queue, timing, log } = listener;
  let popReceipt = message.popReceipt;
  let renewing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewing = renewing.then(async () => {
      try {
        const renewed = await queue.updateMessage(message.messageId, popReceipt, undefined, timing.invisibility);
        popReceipt = renewed.popReceipt ?? popReceipt;
      } catch (error) {
        log('warning', `Message '${message.messageId}' could not be kept invisible: ${(error as Error).message}`);
      }
    });
  }, timing.renewEvery);
  return {
    end: async () => {
      clearInterval(timer);
      await renewing;
      return popReceipt;
    },
  };
}

/** A message that somebody else received meanwhile (its receipt is old) or deleted is theirs. */
async function ifStillOurs(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!hasStatus(error, 400, 404)) throw error;
  }
}

const remove = ({ queue }: QueueListenerOptions, id: string, popReceipt: string) =>
  ifStillOurs(() => queue.deleteMessage(id, popReceipt));

const release = ({ queue }: QueueListenerOptions, id: string, popReceipt: string, seconds: number) =>
  ifStillOurs(() => queue.updateMessage(id, popReceipt, undefined, seconds));

async function moveToPoison(
  listener: QueueListenerOptions,
  message: DequeuedMessageItem,
  popReceipt: string,
): Promise<void> {
  const { poison, options, log } = listener;
  if (!poison) return;
  const reason =
    message.dequeueCount >= options.maxDequeueCount
      ? `has reached MaxDequeueCount of ${options.maxDequeueCount}`
      : 'cannot be read';
  log('warning', `Message ${reason}. Moving message to queue '${poison.name}'.`);
  await sendCreating(poison, message.messageText);
  await remove(listener, message.messageId, popReceipt);
}
