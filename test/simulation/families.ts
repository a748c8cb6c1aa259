/** Kinds of schedules that aim where chance seldom strikes; one in a few schedules is of such a kind. */
import { hour, minute, second } from './clockwork.ts';
import type { Random } from './random.ts';
import type { Command, Input, Scenario } from './scenario.ts';
import type { Temper } from './temper.ts';

type Family = (draw: Random, scenario: Scenario) => Scenario;

/** Promoted one after the other, with time for each. */
function upstreamMoves(tag: string, digests: readonly number[], every: number): Input[] {
  return digests.map((digest, move) => ({ at: move * every, do: 'upstream', tag, digest }));
}

function say(at: number, tag: string, ...commands: readonly Command[]): Input[] {
  return commands.map((command) => ({ at, do: 'operator', tag, command }));
}

function aimed(scenario: Scenario, temper: Partial<Temper>, inputs: readonly Input[]): Scenario {
  const all = [...scenario.inputs, ...inputs].sort((a, b) => a.at - b.at);
  const last = all.at(-1)?.at ?? 0;
  return { ...scenario, temper: { ...scenario.temper, ...temper }, inputs: all, chaos: Math.max(scenario.chaos, last) };
}

/** Operators roll back over one another, and block what somebody is rolling back to. */
const crossingRollbacks: Family = (draw, scenario) => {
  const tag = draw.pick(['1', '2']);
  const moves = upstreamMoves(tag, [11, 13, 14, 16], 15 * minute);
  const rounds = [60, 75, 90, 105].flatMap((start) => {
    const at = start * minute;
    const apart = () => at + draw.between(0, 3 * second);
    return [
      ...say(apart(), tag, 'rollback'),
      ...say(apart(), tag, 'rollback'),
      ...say(apart(), tag, 'rollback'),
      ...say(at + 6 * minute, tag, 'unblock'),
      ...say(at + 7 * minute, tag, 'unblock', 'resume'),
    ];
  });
  return aimed({ ...scenario, inputs: [] }, { soak: 0, approval: false, window: false }, [...moves, ...rounds]);
};

/** A digest that waits for the end of a hold is rejected in the moment in which somebody rolls back to it. */
const rejectedUnderRollback: Family = (draw, scenario) => {
  const tag = draw.pick(['1', '2']);
  const moves = upstreamMoves(tag, [13, 14], 15 * minute);
  const rounds = [30, 55, 80].flatMap((start, round) => {
    const at = start * minute;
    const back: Input = { at: at + second, do: 'upstream', tag, digest: round % 2 === 0 ? 13 : 14 };
    const later = at + 12 * minute;
    return [
      ...say(at, tag, 'hold'),
      back,
      ...say(later, tag, 'rollback'),
      ...say(later + draw.between(0, 1500), tag, 'reject', 'reject'),
      ...say(later + 6 * minute, tag, 'unblock'),
      ...say(later + 7 * minute, tag, 'unblock', 'resume'),
    ];
  });
  return aimed({ ...scenario, inputs: [] }, { soak: 0, approval: false, window: false }, [...moves, ...rounds]);
};

/** Puts get no answer, and the run that holds the lease comes to a halt. */
const stalledHolders: Family = (draw, scenario) => {
  const tag = draw.pick(['1', '2']);
  const moves = upstreamMoves(tag, [11, 13, 14, 16, 17, 19, 20, 22], 9 * minute);
  const retries = [30, 50, 70, 90].flatMap((at) => say((at + draw.between(0, 10)) * minute, tag, 'retry'));
  const temper = {
    unclearPuts: 0.8,
    refusedCalls: draw.between(0.02, 0.06),
    lostMessages: 0,
    soak: 0,
    approval: false,
  };
  return aimed(scenario, temper, [...moves, ...retries]);
};

/** Answers to commits are lost all the time, while others act on the same runs. */
const lostCommits: Family = (draw, scenario) => {
  const tag = draw.pick(['1', '2']);
  const moves = upstreamMoves(tag, [11, 13, 14, 16, 17], 12 * minute);
  const commands = ['cancel', 'force', 'hold', 'resume', 'retry', 'reject', 'unblock', 'expedite'] as const;
  const acts = Array.from({ length: 12 }, () => say(draw.between(1, 70) * minute, tag, draw.pick(commands))).flat();
  const ambushes = (['validate', 'promote', 'rebuild'] as const).flatMap((stage): Input[] =>
    [0, 20, 40].map((start) => {
      const at = start * minute;
      return {
        at,
        do: 'ambush',
        tag,
        stage,
        delay: draw.between(0, draw.chance(0.5) ? second : 20 * second),
        act: draw.pick(['cancel', 'force'] as const),
      };
    }),
  );
  return aimed(scenario, { lostCommits: 0.3, conflicts: 0.1 }, [...moves, ...acts, ...ambushes]);
};

/** Somebody is always faster than some workers, and messages hardly arrive. */
const beaten: Family = (draw, scenario) => {
  const tag = draw.pick(['1', '2']);
  const acts = ['hold', 'resume', 'force', 'rollback', 'unblock', 'approve', 'expedite', 'cancel'] as const;
  const said = acts.flatMap((command) => say(draw.between(5, 90) * minute, tag, command));
  const lostMessages = draw.chance(0.8) ? 1 : 0.5;
  // The sweep gives a run up after hours.
  const hours = lostMessages === 1 ? 8 : 0;
  const long = { ...scenario, chaos: Math.max(scenario.chaos, hours * hour) };
  return aimed(long, { conflicts: 0.4, stubbornConflicts: 0.15, lostMessages }, said);
};

/** The tag leaves the catalog while a put into its target may be under way, and comes back. */
const departures: Family = (draw, scenario) => {
  const moves = upstreamMoves('2', [11, 13, 14, 16], 22 * minute);
  const leaves = [0, 22, 44, 66].flatMap((start): Input[] => {
    const at = start * minute;
    const delay = draw.between(0, 2 * second);
    return [
      { at, do: 'ambush', tag: '2', stage: 'target-read', delay, act: 'drop-tag' },
      { at: at + draw.between(14, 20) * minute, do: 'catalog', tag: '2', change: 'restore' },
    ];
  });
  const temper = { unclearPuts: 0.9, soak: 0, approval: false, window: false, lostMessages: 0 };
  return aimed({ ...scenario, inputs: [] }, temper, [...moves, ...leaves]);
};

/** Nothing can be imported for longer than it is tried. */
const outage: Family = (draw, scenario) => {
  const tag = draw.pick(['1', '2']);
  const moves = upstreamMoves(tag, [11], 0);
  const retries = say(8.5 * hour, tag, 'retry');
  return aimed({ ...scenario, inputs: [] }, { failedImports: 1, lostMessages: 0, hungImports: 0 }, [
    ...moves,
    ...retries,
  ]);
};

export const families = [
  crossingRollbacks,
  rejectedUnderRollback,
  stalledHolders,
  lostCommits,
  beaten,
  departures,
  outage,
] as const;
