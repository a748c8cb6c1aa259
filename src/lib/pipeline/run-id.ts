/** Run ids: short, lower case, valid in a tag, and in the order of time when they are compared as texts. */
import type { Instant } from './model.ts';

/** Eight digits hold every millisecond until the year 2059, and all of the past since 1972. */
const timeDigits = 8;
const randomDigits = 4;

/** `random`: from 0 to below 1. Two runs of one millisecond differ by it, with odds of one in 1.7 million not to. */
export function newRunId(at: Instant, random: number): string {
  const suffix = Math.floor(random * 36 ** randomDigits).toString(36);
  return `${runIdsFrom(at)}${suffix.padStart(randomDigits, '0')}`;
}

/** What every id of a run from then on comes after, as a text. */
export function runIdsFrom(at: Instant): string {
  return Math.floor(at).toString(36).padStart(timeDigits, '0');
}

/** What may be the id of a run; anything else was never one. */
export function isRunId(text: string): boolean {
  return /^[a-z0-9-]{1,40}$/.test(text);
}

/** Has the exact form of an id that `newRunId` makes. */
export function isNewRunId(text: string): boolean {
  return text.length === timeDigits + randomDigits && /^[a-z0-9]+$/.test(text);
}
