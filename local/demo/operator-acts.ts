import type { Act } from './acts.ts';
import { taskRuns } from './hello-world.ts';

/** What operators and other people do; the acts of `acts.ts` need nobody. */

export const manualReimport: Act = {
  title: 'An operator asks for a look by HTTP, and then for a new test',
  async play(stage) {
    const { world, subject } = stage;
    const digest = (await world.digest(world.buffer, subject.target, subject.tag)) ?? '';
    const builds = taskRuns(world).length;
    await stage.command('reimport', { reason: 'is there anything new?' }, 200);
    const reason = 'test it again';
    const { run = '' } = await stage.command('reimport', { force: true, reason }, 202);
    await stage.followTo(run, 'unchanged');
    await stage.shows('target', digest);
    stage.expect(taskRuns(world).length === builds, 'hello-world', 'nobody has built it anew: its base is the same');
  },
};

export const patchByHand: Act = {
  title: 'Somebody patches the base image by hand',
  async play(stage) {
    const { world, subject } = stage;
    const patch = await stage.push('target', 'purple');
    await stage.followTo(await stage.newRun(patch), 'patched');
    await stage.helloWorld(patch);
    const held = await world.sluice.tag(subject.image, subject.tag);
    stage.expect(held?.hold !== undefined, 'hold', `upstream waits: ${stage.readable(held?.hold?.reason ?? '')}`);

    const fix = await stage.push('upstream', 'lime');
    const id = await stage.newRun(fix);
    const parked = await stage.follow(id);
    stage.expect(parked.parked?.for === 'hold', 'parked', `run ${id} has passed its tests, and waits for an operator`);
    await stage.shows('staging', fix);
    await stage.shows('target', patch);

    await stage.command('resume', { reason: 'upstream has the fix now' }, 202);
    await stage.followTo(id, 'promoted');
    await stage.shows('target', fix);
    await stage.helloWorld(fix);
  },
};

export const rollBack: Act = {
  title: 'Back to an earlier one, by one request',
  async play(stage) {
    const { world, subject } = stage;
    const left = (await world.digest(world.buffer, subject.target, subject.tag)) ?? '';
    const [earlier = ''] = [...stage.colors].find(([, color]) => color === 'teal') ?? [];
    const order = { digest: earlier, reason: 'lime hurts our eyes' };
    const { run = '' } = await stage.command('rollback', order, 202, () => stage.becomes('target', earlier));
    await stage.followTo(run, 'rolled-back');
    const state = await world.sluice.tag(subject.image, subject.tag);
    const blocked = state?.blocked.some(({ digest }) => digest === left) === true && state.hold !== undefined;
    stage.expect(blocked, 'blocked', `${stage.named(left)} cannot come back by itself, and upstream is on hold`);
    await stage.helloWorld(earlier);
  },
};
