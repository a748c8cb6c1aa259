import { describe, expect, it } from 'vitest';
import { controls } from './controls.ts';
import { play } from './play.ts';
import { scenario } from './scenario.ts';
import { cutScenario, shrink } from './shrink.ts';

const within = 1000;

async function firstCaught(variant: (typeof controls)[number]): Promise<number | undefined> {
  for (let seed = 1; seed <= within; seed++) {
    const { violations } = await play(scenario(seed), variant);
    if (violations.length > 0) return seed;
  }
  return undefined;
}

describe('the simulation proves something', () => {
  it.each(controls.map((variant) => [variant.name, variant] as const))(
    `catches a pipeline in which %s, within ${within} schedules`,
    { timeout: 300_000 },
    async (_name, variant) => {
      expect(await firstCaught(variant)).toBeDefined();
    },
  );

  it('shrinks a failing schedule to one that fails in the same way with less', { timeout: 120_000 }, async () => {
    const variant = controls.find(({ name }) => name === 'no lease');
    const seed = variant && (await firstCaught(variant));
    expect(seed).toBeDefined();
    const whole = scenario(seed ?? 0);
    const { cut, played } = await shrink(whole, variant);
    expect(played.violations[0]).toContain('without a lease');
    const small = cutScenario(whole, cut);
    expect(small.inputs.length).toBeLessThanOrEqual(1);
    expect(cut.without.length).toBeGreaterThan(5);
  });
});
