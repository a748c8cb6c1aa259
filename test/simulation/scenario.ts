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
  | { readonly at: number; readonly do: 'operator'; readonly tag: string; readonly command: Command }
  /** Waits until a run of the tag enters a stage after `at`, and acts `delay` after that: right where it may hurt. */
  | {
      readonly at: number;
      readonly do: 'ambush';
      readonly tag: string;
      readonly stage: Stage | 'target-read';
      readonly delay: number;
      readonly then: Sudden;
    };

export type Sudden = Command | 'push-target' | 'push-staging' | 'upstream';

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
    lostMessages: sometimes(0.1),
    doubledMessages: sometimes(0.1),
    hungImports: sometimes(0.2),
    failedImports: sometimes(0.3),
    failedValidations: sometimes(0.3),
    replicaLag: sometimes(1),
    listingLag: sometimes(1),
    refusedPuts: sometimes(0.2),
    triggersFire: draw.chance(0.7),
    tokensTold: draw.chance(0.5),
    soak: draw.chance(0.3) ? draw.between(1, 60) * minute : 0,
    approval: draw.chance(0.2),
    poll: draw.pick([10, 20, 30]) * second,
    registryClock: draw.between(-1, 1) * minute,
  };
}

function inputs(draw: Random, chaos: number): Input[] {
  const all: Input[] = [];
  let digest = 10 + Math.floor(draw.next() * 3);
  const changes = 1 + Math.floor(draw.next() * 5);
  for (let change = 0; change < changes; change++) {
    const tag = draw.pick(tags);
    // Now and then upstream goes back to what it had, or gives both tags one digest.
    if (!draw.chance(0.2)) digest++;
    const old = draw.chance(0.15) ? Math.max(10, digest - 1 - Math.floor(draw.next() * 2)) : digest;
    all.push({ at: draw.next() * chaos, do: 'upstream', tag, digest: old });
  }
  const people = Math.floor(draw.next() * 4);
  for (let push = 0; push < people; push++) {
    const place = draw.chance(0.5) ? 'push-staging' : 'push-target';
    const number = draw.chance(0.3) ? digest : 100 + Math.floor(draw.next() * 20);
    all.push({ at: draw.next() * chaos, do: place, tag: draw.pick(tags), digest: number });
  }
  if (draw.chance(0.05)) all.push({ at: draw.next() * chaos, do: 'upstream-gone', tag: draw.pick(tags) });
  const operators = draw.chance(0.6) ? Math.floor(draw.next() * 6) : 0;
  for (let act = 0; act < operators; act++) {
    all.push({ at: draw.next() * chaos, do: 'operator', tag: draw.pick(tags), command: draw.pick(commands) });
  }
  const ambushes = draw.chance(0.5) ? 1 + Math.floor(draw.next() * 2) : 0;
  for (let ambush = 0; ambush < ambushes; ambush++) {
    const then = draw.chance(0.3)
      ? draw.pick(['push-target', 'push-staging', 'upstream'] as const)
      : draw.pick(commands);
    const stage = draw.pick(['validate', 'promote', 'target-read', 'target-read', 'target-read', 'rebuild'] as const);
    const delay = draw.chance(0.6) ? draw.between(0, 300) : draw.between(0, 2 * minute);
    all.push({ at: draw.next() * chaos, do: 'ambush', tag: draw.pick(tags), stage, delay, then });
  }
  return all.sort((a, b) => a.at - b.at);
}
