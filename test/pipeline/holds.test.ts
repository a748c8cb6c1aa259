import { describe, expect, it } from 'vitest';
import { hold } from '../../src/lib/pipeline/commands/hold.ts';
import { heldOver } from '../../src/lib/pipeline/holds.ts';
import { sweep } from '../../src/lib/pipeline/sweep.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { caller, good } from './kind-world.ts';
import { holdOf, now } from './samples.ts';
import { promoted, say } from './situations.ts';

const [A, B, C] = good;

describe('a hold over one that stands', () => {
  const later = { by: 'bob', at: now, reason: 'freeze' };

  it.each([
    ['with an end leaves one without end', undefined, now + hour, undefined],
    ['without end takes the end away', now + hour, undefined, undefined],
    ['that ends sooner ends with it', now + 2 * hour, now + hour, now + 2 * hour],
    ['that ends later ends later', now + hour, now + 2 * hour, now + 2 * hour],
  ])('%s', (_title, before, until, end) => {
    const stands = holdOf(before === undefined ? {} : { until: before });
    expect(heldOver(stands, { ...later, ...(until !== undefined && { until }) }).until).toBe(end);
  });

  it('names who held before, and no one before that', () => {
    const once = heldOver(holdOf({ by: 'ada', reason: 'first' }), later);
    expect(once.reason).toBe('freeze; before that ada held: first');
    expect(heldOver(once, { by: 'eve', at: now, reason: 'third' }).reason).toBe('third; before that bob held: freeze');
  });

  it('is alone where that one has ended', () => {
    const over = holdOf({ until: now - minute });
    expect(heldOver(over, { ...later, until: now + hour })).toEqual({ ...later, until: now + hour });
  });
});

it("a freeze of an hour does not end a patch's hold: upstream stays out until somebody resumes", async () => {
  const world = await promoted(A);
  world.push('base-images/node', C);
  await world.look('target');
  await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller, world.now + hour));
  await world.bring(B);
  await world.passWithTimers(3 * hour);
  expect(world.target).toBe(C);
});

it('a run that is parked for a hold names the one that stands now', async () => {
  const world = await promoted(A);
  await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller, world.now + 3 * hour));
  await world.bring(B);
  await say(world, (pipeline, tracked) => hold(pipeline, tracked, { by: 'bob', reason: 'for good' }));
  await world.do(sweep);
  const run = world.runOf(B);
  expect(run.why).toMatch(/^held by bob since .+, until an operator resumes: for good; before that ada held: because$/);
  expect(run.parked).not.toHaveProperty('until');
});

it('the same hold said twice is said once', async () => {
  const world = await promoted(A);
  const freeze = { by: 'bob', reason: 'freeze' };
  await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller));
  await say(world, (pipeline, tracked) => hold(pipeline, tracked, freeze));
  const { hold: before } = world.head;
  const again = await say(world, (pipeline, tracked) => hold(pipeline, tracked, freeze));
  expect(again).toEqual({ kind: 'nothing', why: 'node:1 is held already: freeze' });
  expect(world.head.hold).toEqual(before);
});
