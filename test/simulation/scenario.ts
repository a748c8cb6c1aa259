/** What happens in one schedule, drawn from its seed: the world's temper, and what people and upstream do in it. */
import type { Stage } from '../../src/lib/pipeline/model.ts';
import type { Faults } from './clockwork.ts';
import { hour, minute, second } from './clockwork.ts';
import type { Random } from './random.ts';
import { random } from './random.ts';

export type Input =
  | { readonly at: number; readonly do: 'upstream'; readonly tag: string; readonly digest: number }
  | { readonly at: number; readonly do: 'push-staging' | 'push-target'; readonly tag: string; readonly digest: number }
  | { readonly at: number; readonly do: 'upstream-gone'; readonly tag: string }
  | { readonly at: number; readonly do: 'catalog'; readonly tag: string; readonly change: CatalogChange }
  | { readonly at: number; readonly do: 'operator'; readonly tag: string; readonly command: Command }
  /** Waits until a run of the tag enters a stage after `at`, and acts `delay` after that: right where it may hurt. */
  | {
      readonly at: number;
      readonly do: 'ambush';
      readonly tag: string;
      readonly stage: Stage | 'target-read';
      readonly delay: number;
      readonly act: Sudden;
    };

export type Sudden = Command | 'push-target' | 'push-staging' | 'upstream';

export const catalogChanges = ['drop-tag', 'drop-registry', 'other-validation', 'restore'] as const;
export type CatalogChange = (typeof catalogChanges)[number];

export const commands = [
  'hold',
  'hold-for-a-while',
  'resume',
  'approve',
  'reject',
  'expedite',
  'cancel',
  'retry',
  'rollback',
  'unblock',
  'reimport',
  'force',
  'hold-image',
  'resume-image',
  'approve-other',
] as const;
export type Command = (typeof commands)[number];

/** The world's temper. Each can be switched off by name, which is how a failing schedule is shrunk. */
export interface Temper {
  readonly faults: Faults;
  readonly lostEvents: number;
  readonly doubledEvents: number;
  readonly lostMessages: number;
  readonly doubledMessages: number;
  readonly hungImports: number;
  readonly failedImports: number;
  readonly failedValidations: number;
  readonly replicaLag: number;
  readonly listingLag: number;
  readonly refusedPuts: number;
  readonly unreachable: number;
  readonly refusedStarts: number;
  readonly deniedStarts: number;
  readonly goneImports: number;
  /** Whether Sluice may start the dependents itself. */
  readonly kick: boolean;
  readonly triggersFire: boolean;
  readonly tokensTold: boolean;
  readonly soak: number;
  readonly approval: boolean;
  readonly poll: number;
  /** Registry's clock against the store's. */
  readonly registryClock: number;
}

export interface Scenario {
  readonly seed: number;
  readonly temper: Temper;
  readonly inputs: readonly Input[];
  /** When inputs and faults stop, counted from the start. */
  readonly chaos: number;
}

export const tags = ['1', '2'] as const;

export function scenario(seed: number): Scenario {
  const draw = random(seed);
  const chaos = draw.between(0.5, 2.5) * hour;
  return { seed, temper: temper(draw), inputs: inputs(draw, chaos), chaos };
}

function temper(draw: Random): Temper {
  const sometimes = (rate: number) => (draw.chance(0.5) ? rate * draw.next() : 0);
  return {
    faults: {
      crash: sometimes(0.02),
      lostAnswer: sometimes(0.02),
      slowRequest: sometimes(0.03),
      freeze: sometimes(0.02),
    },
    lostEvents: draw.chance(0.2) ? 1 : sometimes(0.5),
    doubledEvents: sometimes(0.5),
    lostMessages: draw.chance(0.03) ? 1 : sometimes(0.1),
    doubledMessages: sometimes(0.1),
    hungImports: sometimes(0.2),
    failedImports: sometimes(0.3),
    failedValidations: sometimes(0.3),
    replicaLag: sometimes(1),
    listingLag: sometimes(1),
    refusedPuts: sometimes(0.2),
    unreachable: sometimes(0.1),
    refusedStarts: sometimes(0.2),
    deniedStarts: draw.chance(0.1) ? 0.2 : 0,
    goneImports: draw.chance(0.1) ? 0.2 : 0,
    kick: draw.chance(0.85),
    triggersFire: draw.chance(0.7),
    tokensTold: draw.chance(0.5),
    soak: draw.chance(0.3) ? draw.between(1, 60) * minute : 0,
    approval: draw.chance(0.2),
    poll: draw.pick([10, 20, 30]) * second,
    registryClock: draw.between(-1, 1) * minute,
  };
}

function inputs(draw: Random, chaos: number): Input[] {
  const upstream = changes(draw, chaos);
  const last = upstream.at(-1)?.digest ?? 10;
  const all: Input[] = [...upstream, ...people(draw, chaos, last), ...operators(draw, chaos)];
  return all.sort((a, b) => a.at - b.at);
}

function changes(draw: Random, chaos: number): Extract<Input, { do: 'upstream' }>[] {
  let digest = 10 + Math.floor(draw.next() * 3);
  return times(1 + Math.floor(draw.next() * 5), () => {
    // Now and then upstream goes back to what it had, or gives both tags one digest.
    if (!draw.chance(0.2)) digest++;
    const old = draw.chance(0.15) ? Math.max(10, digest - 1 - Math.floor(draw.next() * 2)) : digest;
    return { at: draw.next() * chaos, do: 'upstream', tag: draw.pick(tags), digest: old };
  });
}

function people(draw: Random, chaos: number, last: number): Input[] {
  const all: Input[] = times(Math.floor(draw.next() * 4), () => {
    const place = draw.chance(0.5) ? 'push-staging' : 'push-target';
    const digest = draw.chance(0.3) ? last : 100 + Math.floor(draw.next() * 20);
    return { at: draw.next() * chaos, do: place, tag: draw.pick(tags), digest };
  });
  if (draw.chance(0.05)) all.push({ at: draw.next() * chaos, do: 'upstream-gone', tag: draw.pick(tags) });
  if (draw.chance(0.15)) {
    const at = draw.next() * chaos;
    all.push({ at, do: 'catalog', tag: draw.pick(tags), change: draw.pick(catalogChanges) });
    if (draw.chance(0.6)) all.push({ at: draw.between(at, chaos), do: 'catalog', tag: '2', change: 'restore' });
  }
  return all;
}

function operators(draw: Random, chaos: number): Input[] {
  const acts: Input[] = times(draw.chance(0.6) ? Math.floor(draw.next() * 6) : 0, () => {
    return { at: draw.next() * chaos, do: 'operator', tag: draw.pick(tags), command: draw.pick(commands) };
  });
  const stages = ['validate', 'promote', 'target-read', 'target-read', 'target-read', 'rebuild'] as const;
  const ambushes: Input[] = times(draw.chance(0.5) ? 1 + Math.floor(draw.next() * 2) : 0, () => {
    const pushes = ['push-target', 'push-staging', 'upstream'] as const;
    const act = draw.chance(0.3) ? draw.pick(pushes) : draw.pick(commands);
    const delay = draw.chance(0.6) ? draw.between(0, 300) : draw.between(0, 2 * minute);
    return { at: draw.next() * chaos, do: 'ambush', tag: draw.pick(tags), stage: draw.pick(stages), delay, act };
  });
  return [...acts, ...ambushes];
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
