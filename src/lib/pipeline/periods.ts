/**
 * Every period of the protocol, in milliseconds, with its reason. Each may be set by an app setting within its bounds;
 * the simulation is clean with these, and with any that keep the inequalities that `parsePeriods` checks.
 */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

interface Bounds {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly why: string;
}

/** In milliseconds. */
export const periodTable = {
  poll: { value: 10 * second, min: 100, max: minute, why: 'between looks at an import, a task run, a build' },
  inline: { value: 2 * second, min: 0, max: 10 * second, why: 'a short import is awaited inside the invocation' },
  budget: { value: 60 * second, min: second, max: 5 * minute, why: 'one invocation carries a run no longer than this' },
  effectAfterRead: {
    value: 30 * second,
    min: second,
    max: 30 * second,
    why: 'an effect older than the facts it rests on is not sent',
  },
  requestLife: {
    value: 90 * second,
    min: second,
    max: 10 * minute,
    why: 'a request that was sent can still take effect within this',
  },
  replicaLag: {
    value: 150 * second,
    min: second,
    max: 30 * minute,
    why: 'a registry replica may answer with what was true so long ago',
  },
  listingLag: {
    value: 30 * second,
    min: 100,
    max: 10 * minute,
    why: 'a task run that was started may be missing from the list so long',
  },
  intentOld: {
    value: 120 * second,
    min: second,
    max: 30 * minute,
    why: 'the task run of an intent without handle is looked for, then started again, after this',
  },
  importDeadline: { value: 10 * minute, min: second, max: 2 * hour, why: 'imports have hung for ever' },
  retry: {
    value: 15 * second,
    min: 100,
    max: 10 * minute,
    why: 'before a failed operation is tried again; doubles with each try',
  },
  throttled: { value: 10 * minute, min: second, max: 2 * hour, why: 'the longest that a doubled retry waits' },
  leaseWait: { value: 10 * second, min: 100, max: minute, why: "between looks at another run's lease" },
  dueSlack: {
    value: 5 * minute,
    min: second,
    max: hour,
    why: 'polls commit nothing until they are later than due by this',
  },
  overdue: { value: 10 * minute, min: second, max: 2 * hour, why: 'a run later than due by this has lost its message' },
  orphan: { value: 10 * minute, min: second, max: 2 * hour, why: 'an index row without a run is removed after this' },
  creation: {
    value: 2 * minute,
    min: second,
    max: 10 * minute,
    why: 'a run is committed within this of its index row, or its creator starts over',
  },
  grace: { value: 120 * second, min: 100, max: hour, why: 'for ACR to start a dependent by itself, before we do' },
  clockSkew: {
    value: 2 * minute,
    min: 0,
    max: 10 * minute,
    why: 'between the clocks of the registry and of its tasks: it postpones a kick, and proves nothing',
  },
  rebuild: {
    value: 4 * hour,
    min: second,
    max: 7 * day,
    why: 'dependents that have not been rebuilt by then are reported unconfirmed',
  },
  queued: {
    value: day,
    min: minute,
    max: 7 * day,
    why: 'a validation that its registry has not started by then is cancelled, and asked for again',
  },
  validationSlack: {
    value: hour,
    min: second,
    max: day,
    why: 'a task run that is neither queued nor ended so long after its own timeout is cancelled',
  },
  approval: { value: 7 * day, min: minute, max: 90 * day, why: 'an approval that nobody gives expires' },
  longestWait: {
    value: day,
    min: minute,
    max: 6 * day,
    why: 'a queue message can be delayed by 7 days at most; longer waits are cut',
  },
  driftOverlap: {
    value: 10 * minute,
    min: second,
    max: 2 * hour,
    why: 'drift looks again at what moved so long before its cursor: listings lag',
  },
  retention: {
    value: 90 * day,
    min: day,
    max: 3650 * day,
    why: 'ended runs, their unique tags and staged digests are kept so long',
  },
} as const satisfies Record<string, Bounds>;

export type Periods = Readonly<Record<keyof typeof periodTable, number>>;

export const defaultPeriods: Periods = Object.fromEntries(
  Object.entries(periodTable).map(([name, { value }]) => [name, value]),
) as Record<keyof typeof periodTable, number>;

/** How often something is tried before a human must look. */
export const limits = {
  /** Failures of an operation in a row, doubled waits between them: some six hours, as long as Docker Hub's limits last. */
  tries: 40,
  /** Task runs that ended without a verdict, for one digest and validation. */
  generations: 3,
  /** Puts into the target that came to nothing. */
  puts: 3,
  /** Wakes by the sweep without progress. */
  sweeps: 5,
  /** First imports under way at once. */
  firstImports: 5,
  /** Promoted digests kept for rollback, for each tag. */
  rollbackPoints: 5,
  /** Conflicts in a row before a commit gives up: somebody is faster each time. */
  conflicts: 20,
} as const;

/**
 * Reads periods from app settings: `SLUICE_PERIOD_POLL=10` is in seconds. Throws with all that is wrong at once.
 */
export function parsePeriods(settings: Readonly<Record<string, string | undefined>>): Periods {
  const problems: string[] = [];
  const periods = { ...defaultPeriods } as Record<keyof typeof periodTable, number>;
  for (const [name, { min, max, why }] of Object.entries(periodTable)) {
    const setting = `SLUICE_PERIOD_${name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;
    const text = settings[setting];
    if (text === undefined) continue;
    const value = Number(text) * second;
    if (text.trim() === '' || !(value >= min && value <= max)) {
      problems.push(`${setting} is '${text}'; expected seconds from ${min / second} to ${max / second} (${why})`);
    } else {
      periods[name as keyof typeof periodTable] = value;
    }
  }
  problems.push(...contradictions(periods));
  if (problems.length > 0) throw new Error(`App settings: ${problems.join('; ')}`);
  return periods;
}

/** What must hold between periods; without each, the simulation finds a violation. */
function contradictions(p: Periods): string[] {
  const rules: [boolean, string][] = [
    [
      p.intentOld >= p.effectAfterRead + p.requestLife,
      'intentOld must be at least effectAfterRead + requestLife: else a start that is still under way is started again',
    ],
    [
      p.orphan > p.creation + p.requestLife,
      'orphan must exceed creation + requestLife: else the sweep removes the row of a run being created',
    ],
    [p.overdue > p.dueSlack, 'overdue must exceed dueSlack: else the sweep wakes runs that are being polled'],
    [p.importDeadline >= p.requestLife, 'importDeadline must be at least requestLife'],
  ];
  return rules.filter(([holds]) => !holds).map(([, message]) => message);
}
