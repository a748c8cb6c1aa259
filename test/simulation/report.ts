/** A schedule as people read it: what the world was like, what was done to it, and what Sluice made of that. */
import { shortDigest } from '../../src/lib/image/digest.ts';
import { minute } from './clockwork.ts';
import type { Played } from './play.ts';
import type { Scenario } from './scenario.ts';

export function report(scenario: Scenario, { violations, world }: Played): string {
  const { faults, ...temper } = scenario.temper;
  const start = world.startedAt;
  const at = (time: number) => `${((time - start) / minute).toFixed(2).padStart(8)} min`;
  const inputs = scenario.inputs.map(({ at: when, ...input }) => ({
    time: start + when,
    text: `> ${Object.values(input).join(' ')}`,
  }));
  const transitions = world.transitions.map((event) => ({
    time: event.at,
    text: `  ${event.tracked.tag} ${event.run ?? ''} ${event.from} → ${event.to} ${event.digest ? shortDigest(event.digest) : ''} (${event.by}: ${event.why})`,
  }));
  const lines = [...inputs, ...transitions]
    .sort((a, b) => a.time - b.time)
    .map(({ time, text }) => `${at(time)} ${text}`);
  const rates = Object.entries({ ...faults, ...temper }).filter(([, value]) => value !== 0 && value !== false);
  return [
    `seed ${scenario.seed}: ${rates.map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toFixed(4)) : value}`).join(', ')}`,
    ...lines,
    ...violations.map((violation) => `  ✗ ${violation}`),
  ].join('\n');
}
