/** Holds: whether one stands, what it says, and what becomes of one over another. Pure. */
import { iso } from './instant.ts';
import type { Hold, Instant } from './model.ts';

/** Is it in force? One with an end ends by itself. */
export function isHeld(hold: Hold | undefined, now: Instant): hold is Hold {
  return hold !== undefined && (hold.until === undefined || hold.until > now);
}

export function heldWhy({ by, at, reason, until }: Hold): string {
  const end = until === undefined ? 'until an operator resumes' : `until ${iso(until)}`;
  return `held by ${by} since ${iso(at)}, ${end}: ${reason}`;
}

const beforeThat = '; before that ';

/** The same person, for the same reason and as long: said twice, it is said once. */
export function isSame(before: Hold | undefined, { by, at, reason, until }: Hold): boolean {
  return isHeld(before, at) && before.by === by && before.until === until && reasonOf(before) === reason;
}

function reasonOf({ reason }: Hold): string | undefined {
  return reason.split(beforeThat)[0];
}

/** A hold over one that stands never ends sooner than that: only resuming shortens it. Who held before is still named. */
export function heldOver(before: Hold | undefined, { by, at, reason, until }: Hold): Hold {
  if (!isHeld(before, at)) return { by, at, reason, ...(until !== undefined && { until }) };
  const end = before.until === undefined || until === undefined ? undefined : Math.max(before.until, until);
  return {
    by,
    at,
    reason: `${reason}${beforeThat}${before.by} held: ${reasonOf(before)}`,
    ...(end !== undefined && { until: end }),
  };
}
