/** What the world of a schedule is like: how often what goes wrong, and of what kind its parts are. */
import type { Faults } from './clockwork.ts';
import { hour, minute, second } from './clockwork.ts';
import type { Random } from './random.ts';

/** What goes wrong, in which share of the schedules, and how often there at most. All are zero in a kind world. */
const faults = {
  crash: [0.5, 0.02],
  lostAnswer: [0.5, 0.02],
  slowRequest: [0.5, 0.03],
  freeze: [0.5, 0.02],
} satisfies Record<keyof Faults, Odds>;

const troubles = {
  lostEvents: [0.5, 0.5],
  doubledEvents: [0.5, 0.5],
  lostMessages: [0.5, 0.1],
  doubledMessages: [0.5, 0.1],
  hungImports: [0.5, 0.2],
  failedImports: [0.5, 0.3],
  /** An import succeeds, and another manifest is under its tag. */
  wrongImports: [0.05, 0.2],
  goneImports: [0.1, 0.4],
  /** Task runs that end without a verdict, or break. */
  failedRuns: [0.5, 0.3],
  /** Task runs that never end. */
  hungRuns: [0.15, 0.2],
  /** Task runs that their registry forgets. */
  forgottenRuns: [0.1, 0.2],
  replicaLag: [0.5, 1],
  listingLag: [0.5, 1],
  refusedPuts: [0.5, 0.2],
  /** A put is answered by nothing, and may take effect. */
  unclearPuts: [0.3, 0.4],
  unreachable: [0.5, 0.1],
  refusedStarts: [0.5, 0.2],
  deniedStarts: [0.1, 0.4],
  /** Calls that are refused before they have an effect. */
  refusedCalls: [0.3, 0.01],
  /** Commits that take effect, and whose answer is lost only after a while. */
  lostCommits: [0.2, 0.1],
  /** Commits that find somebody was faster. */
  conflicts: [0.3, 0.1],
  /** Workers for whom somebody is faster each time. */
  stubbornConflicts: [0.1, 0.02],
} satisfies Record<string, Odds>;

type Odds = readonly [share: number, most: number];

export type Trouble = keyof typeof troubles;
type Troubles = Readonly<Record<Trouble, number>>;

export interface Temper extends Troubles {
  readonly faults: Faults;
  /** Whether Sluice may start the dependents itself. */
  readonly kick: boolean;
  readonly triggersFire: boolean;
  readonly tokensTold: boolean;
  /** Whether upstream is a registry in Azure, whose pushes raise events and which tells when a tag moved. */
  readonly azureUpstream: boolean;
  /** Whether upstream publishes more tags than may be imported at once at first. */
  readonly crowd: boolean;
  readonly tasks: 'none' | 'some' | 'circle';
  /** How many entries a digest must pass. */
  readonly validations: number;
  readonly soak: number;
  readonly approval: boolean;
  /** How long an approval is waited for. */
  readonly approvalPeriod: number;
  /** Whether promotions stop for two hours in the middle of the schedule. */
  readonly window: boolean;
  readonly poll: number;
  /** Registry's clock against the store's. */
  readonly registryClock: number;
}

const none = <T extends object>(odds: T) =>
  Object.fromEntries(Object.keys(odds).map((name) => [name, 0])) as Record<keyof T, number>;

export const noTrouble: Pick<Temper, 'faults' | Trouble> = { ...none(troubles), faults: none(faults) };

/** Nothing goes wrong. */
export const kindTemper: Temper = {
  ...noTrouble,
  kick: true,
  triggersFire: true,
  tokensTold: true,
  azureUpstream: false,
  crowd: false,
  tasks: 'some',
  validations: 1,
  soak: 0,
  approval: false,
  approvalPeriod: 168 * hour,
  window: false,
  poll: 10 * second,
  registryClock: 0,
};

export function drawTemper(draw: Random): Temper {
  const rates = <T extends Record<string, Odds>>(odds: T) =>
    Object.fromEntries(
      Object.entries(odds).map(([name, [share, most]]) => [name, draw.chance(share) ? most * draw.next() : 0]),
    ) as Record<keyof T, number>;
  return {
    ...rates(troubles),
    ...(draw.chance(0.2) && { lostEvents: 1 }),
    ...(draw.chance(0.03) && { lostMessages: 1 }),
    faults: rates(faults),
    kick: draw.chance(0.85),
    triggersFire: draw.chance(0.7),
    tokensTold: draw.chance(0.5),
    azureUpstream: draw.chance(0.3),
    crowd: draw.chance(0.02),
    tasks: draw.chance(0.1) ? 'none' : draw.chance(0.1) ? 'circle' : 'some',
    validations: draw.pick([0, 1, 1, 1, 1, 1, 1, 2, 2]),
    soak: draw.chance(0.3) ? draw.between(1, 60) * minute : 0,
    approval: draw.chance(0.2),
    approvalPeriod: draw.chance(0.3) ? draw.between(10, 90) * minute : 168 * hour,
    window: draw.chance(0.15),
    poll: draw.pick([10, 20, 30]) * second,
    registryClock: draw.between(-1, 1) * minute,
  };
}

/** The same world without one kind of trouble, which is how a failing schedule is shrunk. */
export function without(temper: Temper, name: Removable): Temper {
  if (name in faults) return { ...temper, faults: { ...temper.faults, [name]: 0 } };
  return { ...temper, [name]: 0 };
}

export type Removable = Trouble | keyof Faults;

export const removable = [...Object.keys(faults), ...Object.keys(troubles)] as readonly Removable[];

export function isRemovable(name: string): name is Removable {
  return (removable as readonly string[]).includes(name);
}
