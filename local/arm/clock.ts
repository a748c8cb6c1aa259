import { setTimeout as delay } from 'node:timers/promises';

/** Where the ARM endpoint takes its time from, so that tests can hold it. */
export interface Clock {
  now(): Date;
  /** Resolves early, without an error, when `signal` is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(milliseconds, signal) {
    try {
      await delay(milliseconds, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};

/** The services write seven decimals and an offset: `2025-04-08T08:18:27.8780000+00:00`. */
export function serviceTime(time: Date): string {
  return time.toISOString().replace('Z', '0000+00:00');
}

/** `lastUpdatedTime` of a run has whole seconds: `2025-04-08T08:18:27+00:00`. */
export function wholeSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, '+00:00');
}

/** Ticks since the year 1, as ARM writes them into the `t` of an operation's address. */
export function ticks(time: Date): string {
  return (BigInt(time.getTime()) * 10_000n + 621_355_968_000_000_000n).toString();
}

/** A duration as the agents' log writes it: `51s`, `3m57s`, `1h2m3s`. */
export function goDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : '';
  return `${head}${seconds % 60}s`;
}
