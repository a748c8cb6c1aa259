import { setTimeout as sleep } from 'node:timers/promises';

/** A signal that is aborted with its parent, or after a time. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly passed: () => boolean;
  readonly clear: () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function deadline(seconds: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), Math.min(seconds * 1000, LONGEST_TIMER_MS));
  return {
    signal: AbortSignal.any([parent, controller.signal]),
    passed: () => controller.signal.aborted,
    clear: () => clearTimeout(timer),
  };
}

/** Waits, or returns early when the signal is aborted. */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
}
