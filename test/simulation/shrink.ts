/** Makes a failing schedule small: leaves out inputs and faults as long as it still fails in the same way. */
import type { Played } from './play.ts';
import { play } from './play.ts';
import type { Scenario } from './scenario.ts';
import type { Removable } from './temper.ts';
import { removable, without } from './temper.ts';
import type { Variant } from './world.ts';

export interface Cut {
  readonly without: readonly Removable[];
  /** Positions of the inputs that are left out. */
  readonly dropped: readonly number[];
}

export function cutScenario(scenario: Scenario, cut: Cut): Scenario {
  return {
    ...scenario,
    temper: cut.without.reduce(without, scenario.temper),
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
  for (const name of removable) {
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
