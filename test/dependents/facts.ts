/** A self-starting task, and what is known of it, for the tests of what to do about a dependent. */
import { choose, type DependentFacts, type ObservedRun } from '../../src/lib/dependents/choose.ts';

export const minute = 60_000;
/** When the base moved; by the registry's clock. */
export const moved = Date.UTC(2026, 0, 5, 10);
export const periods = { grace: 2 * minute, clockSkew: 2 * minute, listingLag: minute / 2, kickLost: 2.5 * minute };
export const A = 'sha256:a';
export const B = 'sha256:b';

export interface Given {
  readonly task?: Partial<NonNullable<DependentFacts['task']>>;
  readonly runs?: readonly ObservedRun[];
  readonly kick?: Partial<DependentFacts['kick']>;
  readonly now?: number;
  readonly movedBefore?: number;
  readonly base?: DependentFacts['base'];
}

/** A self-starting task of a registry where Sluice may start tasks, long after the grace period. */
export function chosen({ task, runs = [], kick, now = moved + 10 * minute, movedBefore, base }: Given) {
  return choose({
    base: base ?? { digest: A, at: moved },
    ...(movedBefore !== undefined && { movedBefore }),
    task: { enabled: true, triggerEnabled: true, armed: true, builtOn: B, ...task },
    runs,
    kick: { allowed: true, ...kick },
    now,
    periods,
  });
}

export const run = (given: Partial<ObservedRun> = {}): ObservedRun => ({
  id: 'd1',
  state: 'pending',
  createdAt: moved + minute,
  pullRequest: false,
  triggeredBy: [],
  ...given,
});
