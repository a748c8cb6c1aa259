/** Makes a failing schedule small: leaves out inputs and faults as long as it still fails in the same way. */
import type { Played } from './play.ts';
import { play } from './play.ts';
import type { Scenario, Temper } from './scenario.ts';
import type { Variant } from './world.ts';

/** Faults that can be left out by name, on the command line too. */
export const removable = {
  crash: (temper: Temper) => ({ ...temper, faults: { ...temper.faults, crash: 0 } }),
  lostAnswer: (temper: Temper) => ({ ...temper, faults: { ...temper.faults, lostAnswer: 0 } }),
  slowRequest: (temper: Temper) => ({ ...temper, faults: { ...temper.faults, slowRequest: 0 } }),
  freeze: (temper: Temper) => ({ ...temper, faults: { ...temper.faults, freeze: 0 } }),
  lostEvents: (temper: Temper) => ({ ...temper, lostEvents: 0 }),
  doubledEvents: (temper: Temper) => ({ ...temper, doubledEvents: 0 }),
  lostMessages: (temper: Temper) => ({ ...temper, lostMessages: 0 }),
  doubledMessages: (temper: Temper) => ({ ...temper, doubledMessages: 0 }),
  hungImports: (temper: Temper) => ({ ...temper, hungImports: 0 }),
  failedImports: (temper: Temper) => ({ ...temper, failedImports: 0 }),
  failedValidations: (temper: Temper) => ({ ...temper, failedValidations: 0 }),
  replicaLag: (temper: Temper) => ({ ...temper, replicaLag: 0 }),
  listingLag: (temper: Temper) => ({ ...temper, listingLag: 0 }),
  refusedPuts: (temper: Temper) => ({ ...temper, refusedPuts: 0 }),
  unreachable: (temper: Temper) => ({ ...temper, unreachable: 0 }),
  refusedStarts: (temper: Temper) => ({ ...temper, refusedStarts: 0 }),
  deniedStarts: (temper: Temper) => ({ ...temper, deniedStarts: 0 }),
  goneImports: (temper: Temper) => ({ ...temper, goneImports: 0 }),
} satisfies Record<string, (temper: Temper) => Temper>;

export type Removable = keyof typeof removable;

export function isRemovable(name: string): name is Removable {
  return name in removable;
}

export interface Cut {
  readonly without: readonly Removable[];
  /** Positions of the inputs that are left out. */
  readonly dropped: readonly number[];
}

export function cutScenario(scenario: Scenario, cut: Cut): Scenario {
  return {
    ...scenario,
    temper: cut.without.reduce((temper, name) => removable[name](temper), scenario.temper),
    inputs: scenario.inputs.filter((_, position) => !cut.dropped.includes(position)),
  };
}

export async function shrink(scenario: Scenario, variant?: Variant): Promise<{ cut: Cut; played: Played }> {
  let cut: Cut = { without: [], dropped: [] };
  let played = await play(scenario, variant);
  const kind = kindOf(played);
  const attempt = async (smaller: Cut) => {
    const again = await play(cutScenario(scenario, smaller), variant);
    if (kindOf(again) !== kind) return;
    cut = smaller;
    played = again;
  };
  for (const name of Object.keys(removable).filter(isRemovable)) {
    await attempt({ ...cut, without: [...cut.without, name] });
  }
  for (let position = scenario.inputs.length - 1; position >= 0; position--) {
    await attempt({ ...cut, dropped: [...cut.dropped, position] });
  }
  return { cut, played };
}

/** The first violation, without the names and numbers in it. */
function kindOf({ violations }: Played): string | undefined {
  return violations[0]?.replaceAll(/\b[a-z]?[0-9a-z]*\d[0-9a-z]*\b/g, '#');
}

export function replayCommand(seed: number, { without, dropped }: Cut): string {
  const options = [`--seed ${seed}`];
  if (without.length > 0) options.push(`--without ${without.join(',')}`);
  if (dropped.length > 0) options.push(`--drop ${dropped.join(',')}`);
  return `npm run simulate -- ${options.join(' ')}`;
}
