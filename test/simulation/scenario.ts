/** What happens in one schedule, drawn from its seed: the world's temper, and what people and upstream do in it. */
import type { Stage } from '../../src/lib/pipeline/model.ts';
import { hour, minute } from './clockwork.ts';
import { families } from './families.ts';
import type { Random } from './random.ts';
import { random } from './random.ts';
import type { Temper } from './temper.ts';
import { drawTemper } from './temper.ts';

export type Input =
  | { readonly at: number; readonly do: 'upstream'; readonly tag: string; readonly digest: number }
  | { readonly at: number; readonly do: 'push-staging' | 'push-target'; readonly tag: string; readonly digest: number }
  | { readonly at: number; readonly do: 'upstream-gone'; readonly tag: string }
  | { readonly at: number; readonly do: 'catalog'; readonly tag: string; readonly change: CatalogChange }
  | { readonly at: number; readonly do: 'operator'; readonly tag: string; readonly command: Command }
  /** A newer release writes the tag's rows, which this one cannot read until it is everywhere. */
  | { readonly at: number; readonly do: 'newer-release'; readonly tag: string; readonly lasts: number }
  | { readonly at: number; readonly do: 'delete-task'; readonly tag: string }
  /** Waits until a run of the tag enters a stage after `at`, and acts `delay` after that: right where it may hurt. */
  | {
      readonly at: number;
      readonly do: 'ambush';
      readonly tag: string;
      readonly stage: Stage | 'target-read';
      readonly delay: number;
      readonly act: Sudden;
    };

export type Sudden = Command | 'push-target' | 'push-staging' | 'upstream' | 'drop-tag';

const catalogChanges = ['drop-tag', 'drop-registry', 'other-validation', 'restore'] as const;
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
  'hold-image-for-a-while',
  'resume-image',
  'approve-other',
  'reject-other',
] as const;
export type Command = (typeof commands)[number];

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
  const drawn = { seed, temper: drawTemper(draw), inputs: inputs(draw, chaos), chaos };
  return draw.chance(0.08) ? draw.pick(families)(draw, drawn) : drawn;
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
  const sometimes = (odds: number, input: (at: number) => Input) => {
    if (draw.chance(odds)) all.push(input(draw.next() * chaos));
  };
  sometimes(0.05, (at) => ({ at, do: 'upstream-gone', tag: draw.pick(tags) }));
  sometimes(0.03, (at) => ({ at, do: 'delete-task', tag: draw.pick(tags) }));
  // It has the form of a run's own tag, which no pattern follows.
  sometimes(0.03, (at) => ({ at, do: 'upstream', tag: '2-abcdefgh0123', digest: 13 }));
  sometimes(0.05, (at) => ({ at, do: 'newer-release', tag: draw.pick(tags), lasts: draw.between(1, 30) * minute }));
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
  // Impatient ones send it twice, as two requests that may cross.
  const twice = acts.filter(() => draw.chance(0.2)).map((act) => ({ ...act, at: act.at + draw.between(0, 2000) }));
  const ambushes: Input[] = times(draw.chance(0.5) ? 1 + Math.floor(draw.next() * 2) : 0, () => ambush(draw, chaos));
  return [...acts, ...twice, ...ambushes];
}

const moments = ['validate', 'promote', 'promote', 'target-read', 'target-read', 'target-read', 'rebuild'] as const;
const pushes = ['push-target', 'push-target', 'push-staging', 'upstream', 'drop-tag'] as const;
/** What hurts most when it comes between two steps of a run. */
const sharp = ['rollback', 'rollback', 'force', 'reject', 'cancel', 'hold', 'expedite', 'approve'] as const;

function ambush(draw: Random, chaos: number): Input {
  const act = draw.chance(0.3) ? draw.pick(pushes) : draw.chance(0.6) ? draw.pick(sharp) : draw.pick(commands);
  const delay = draw.chance(0.6) ? draw.between(0, 300) : draw.between(0, 2 * minute);
  const stage = draw.pick(moments);
  return { at: draw.next() * chaos, do: 'ambush', tag: act === 'drop-tag' ? '2' : draw.pick(tags), stage, delay, act };
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** What an operator is told to do by it. */
export function commandOf(input: Input): Sudden | undefined {
  if (input.do === 'operator') return input.command;
  return input.do === 'ambush' ? input.act : undefined;
}

export function changesCatalog(input: Input): boolean {
  return input.do === 'catalog' || commandOf(input) === 'drop-tag';
}
