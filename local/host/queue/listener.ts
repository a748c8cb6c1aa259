import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { InvocationResult } from '../core-types.ts';
import type { QueueOptions } from '../host-config.ts';
import { hasStatus } from './client.ts';
import { createGate } from './gate.ts';
import { processMessage } from './process.ts';

/** The storage extension's own constants; a test shortens them. */
export interface QueueTiming {
  /** Seconds a received message stays invisible. */
  readonly invisibility: number;
  /** Milliseconds after which it is made invisible anew while the function runs. */
  readonly renewEvery: number;
}

export const queueTiming: QueueTiming = { invisibility: 600, renewEvery: 300_000 };

export interface QueueListenerOptions {
  readonly queue: QueueClient;
  /** None for a poison queue itself: a message that fails there stays invisible until its time is up. */
  readonly poison: QueueClient | undefined;
  readonly options: QueueOptions;
  readonly timing: QueueTiming;
  readonly log: (level: 'debug' | 'information' | 'warning' | 'error', message: string) => void;
  readonly execute: (message: DequeuedMessageItem, body: string) => Promise<InvocationResult>;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface Listener {
  /** No new call begins; resolves when the running ones have ended. */
  stop(): Promise<void>;
}

const minimumPoll = 100;

/** Empty polls wait 100 ms, then twice as long each time, ±20 %, up to `maxPollingInterval`. */
export function pollDelay(emptyPolls: number, maximum: number, random: () => number): number {
  if (emptyPolls <= 1) return Math.min(minimumPoll, maximum);
  return Math.min(maximum, minimumPoll * 2 ** Math.min(emptyPolls - 1, 30) * (0.8 + 0.4 * random()));
}

export function startQueueListener(listener: QueueListenerOptions): Listener {
  const gate = createGate();
  const running = new Set<Promise<void>>();
  const { queue, options, log } = listener;
  let missing = false;

  /** A queue that is not there is not an error of the real host either: it is looked for again at every poll. */
  async function receive(): Promise<readonly DequeuedMessageItem[]> {
    try {
      const answer = await queue.receiveMessages({
        numberOfMessages: options.batchSize,
        visibilityTimeout: listener.timing.invisibility,
      });
      if (missing) log('information', `Queue '${queue.name}' exists now.`);
      missing = false;
      return answer.receivedMessageItems;
    } catch (error) {
      if (hasStatus(error, 404)) {
        if (!missing)
          log(
            'warning',
            `Queue '${queue.name}' does not exist. It is looked for again at every poll; create it to start the function.`,
          );
        missing = true;
      } else {
        log('error', `Polling of queue '${queue.name}' failed: ${(error as Error).message}`);
      }
      return [];
    }
  }

  function start(message: DequeuedMessageItem): void {
    const work = processMessage(listener, message, gate.closed).catch((error: Error) =>
      log('error', `Message '${message.messageId}' of queue '${queue.name}' could not be settled: ${error.message}`),
    );
    running.add(work);
    void work.then(() => {
      running.delete(work);
      gate.signal();
    });
  }

  async function poll(): Promise<void> {
    let empty = 0;
    while (!gate.closed()) {
      const messages = await receive();
      for (const message of messages) start(message);
      empty = messages.length > 0 ? 0 : empty + 1;
      if (messages.length === 0) await gate.wait(pollDelay(empty, options.maxPollingInterval, listener.random));
      while (running.size > options.newBatchThreshold && !gate.closed()) await gate.changed();
    }
  }

  const polling = poll();
  return {
    stop: async () => {
      gate.close();
      await polling;
      await Promise.all(running);
    },
  };
}
