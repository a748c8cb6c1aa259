import { describe, expect, it } from 'vitest';
import { parseTag } from '../../src/lib/image/names.ts';
import { approve, expedite, reject } from '../../src/lib/pipeline/commands/approval.ts';
import { hold, holdImage, resume, resumeImage } from '../../src/lib/pipeline/commands/hold.ts';
import { rollback, unblock } from '../../src/lib/pipeline/commands/rollback.ts';
import { cancel, retry } from '../../src/lib/pipeline/commands/run.ts';
import { hour } from '../simulation/clockwork.ts';
import { caller, good, KindWorld } from './kind-world.ts';
import { promoted, type Say, say, soaking } from './situations.ts';

const [A] = good;

/** Every command, said of run or digest A. */
const all: [name: string, say: Say][] = [
  ['hold', (pipeline, tracked) => hold(pipeline, tracked, caller)],
  ['resume', (pipeline, tracked) => resume(pipeline, tracked, caller)],
  ['approve', (pipeline, tracked) => approve(pipeline, tracked, 'r0', A, caller)],
  ['reject', (pipeline, tracked) => reject(pipeline, tracked, 'r0', A, caller)],
  ['expedite', (pipeline, tracked) => expedite(pipeline, tracked, 'r0', caller)],
  ['rollback', (pipeline, tracked) => rollback(pipeline, tracked, A, caller)],
  ['unblock', (pipeline, tracked) => unblock(pipeline, tracked, A, caller)],
  ['cancel', (pipeline, tracked) => cancel(pipeline, tracked, 'r0', caller)],
  ['retry', (pipeline, tracked) => retry(pipeline, tracked, 'r0', caller)],
];
const ofRuns = all.filter(([name]) => ['approve', 'reject', 'expedite', 'cancel', 'retry'].includes(name));

describe('every command', () => {
  it.each(all)('says that a tag is not in the catalog: %s', async (_name, command) => {
    const other = { image: 'node', tag: parseTag('other') };
    const answer = await new KindWorld().do((pipeline) => command(pipeline, other));
    expect(answer).toEqual({ kind: 'missing', why: 'node:other is not in the catalog' });
  });

  it.each(all)('says that a tag was never looked at: %s', async (_name, command) => {
    expect(await say(new KindWorld(), command)).toMatchObject({
      kind: 'missing',
      why: 'node:1 was never looked at; reimport it first',
    });
  });

  it.each(ofRuns)('says that there is no such run: %s', async (_name, command) => {
    const world = await promoted(A);
    expect(await say(world, command)).toEqual({ kind: 'missing', why: 'there is no run r0 of node:1' });
  });

  it.each<[string, (id: string) => Say]>([
    ['approve', (id) => (pipeline, tracked) => approve(pipeline, tracked, id, A, caller)],
    ['reject', (id) => (pipeline, tracked) => reject(pipeline, tracked, id, A, caller)],
    ['expedite', (id) => (pipeline, tracked) => expedite(pipeline, tracked, id, caller)],
    ['cancel', (id) => (pipeline, tracked) => cancel(pipeline, tracked, id, caller)],
    ['retry', (id) => (pipeline, tracked) => retry(pipeline, tracked, id, caller)],
  ])('is refused for a run that has ended, and says how it ended: %s', async (_name, command) => {
    const world = await promoted(A);
    const { id } = world.runOf(A);
    expect(await say(world, command(id))).toEqual({
      kind: 'refused',
      why: `run ${id} has ended: promoted (dependents: 2 rebuilt)`,
    });
  });

  it('judges anew when somebody commits between its look and its commit', async () => {
    const world = await promoted(A);
    let races = 3;
    world.through((pipeline) => ({
      ...pipeline,
      store: {
        ...pipeline.store,
        commit: async (change) => (races-- > 0 ? 'conflict' : pipeline.store.commit(change)),
      },
    }));
    expect(await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller))).toMatchObject({ kind: 'done' });
    expect(world.head.hold).toMatchObject(caller);
  });
});

describe('hold and resume', () => {
  it('record who and why, and say until when', async () => {
    const world = await promoted(A);
    const until = world.now + hour;
    const answer = await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller, until));
    expect(answer.why).toBe(`node:1 is held until ${new Date(until).toISOString()}: because`);
    expect(world.head.hold).toMatchObject({ ...caller, until });
    expect(world.timeline.at(-1)).toMatchObject({ to: 'held', by: 'ada', why: answer.why });
  });

  it('hold twice is held once, by who said so last, and no shorter', async () => {
    const world = await promoted(A);
    await say(world, (pipeline, tracked) => hold(pipeline, tracked, caller, world.now + hour));
    await say(world, (pipeline, tracked) => hold(pipeline, tracked, { by: 'bob', reason: 'longer' }));
    expect(world.head.hold).toMatchObject({ by: 'bob', reason: 'longer; before that ada held: because' });
    expect(world.head.hold).not.toHaveProperty('until');
  });

  it('of an image that is held without tags says that it is resumed', async () => {
    const world = new KindWorld();
    await world.do((pipeline) => holdImage(pipeline, 'node', [], caller));
    const answer = await world.do((pipeline) => resumeImage(pipeline, 'node', [], caller));
    expect(answer).toMatchObject({ kind: 'done', why: 'node is resumed (0 of 0 tags held): because' });
  });

  it.each<[string, (id: string) => Say]>([
    ['cancel', (id) => (pipeline, tracked) => cancel(pipeline, tracked, id, caller)],
    ['reject', (id) => (pipeline, tracked) => reject(pipeline, tracked, id, A, caller)],
  ])('%s twice changes nothing the second time', async (_name, command) => {
    const world = await soaking();
    const { id } = world.runOf(A);
    expect(await say(world, command(id))).toMatchObject({ kind: 'done' });
    expect(await say(world, command(id))).toMatchObject({ kind: 'nothing', run: id });
  });

  it('resume of what is not held says so', async () => {
    const world = await promoted(A);
    const answer = await say(world, (pipeline, tracked) => resume(pipeline, tracked, caller));
    expect(answer).toEqual({ kind: 'nothing', why: 'node:1 is not held' });
  });

  it('of an image hold for its tags, and for one that appears while it stands', async () => {
    const world = new KindWorld();
    await world.do((pipeline) => holdImage(pipeline, 'node', [], caller));
    await world.bring(A);
    expect(world.target).toBeUndefined();
    expect(world.head.hold).toMatchObject(caller);
    await world.do((pipeline) => resumeImage(pipeline, 'node', [world.tracked], caller));
    await world.pass(hour);
    expect(world.target).toBe(A);
  });

  it('of an image without a held tag say so', async () => {
    const world = await promoted(A);
    const answer = await world.do((pipeline) => resumeImage(pipeline, 'node', [world.tracked], caller));
    expect(answer).toEqual({ kind: 'nothing', why: 'neither node nor any of its tags is held' });
  });
});
