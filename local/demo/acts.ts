import { createHelloWorld, startBuild, taskRuns } from './hello-world.ts';
import type { Stage } from './stage.ts';

export interface Act {
  readonly title: string;
  play(stage: Stage): Promise<void>;
}

/** Where the layers lie that all images of the story share; nobody tracks that tag. */
export const layersTag = 'layers';

export const firstImage: Act = {
  title: 'A public image comes in, and becomes a base image',
  async play(stage) {
    const { world, subject } = stage;
    const digest = await stage.push('upstream', 'blue', layersTag);
    await stage.followTo(await stage.newRun(digest), 'promoted');
    await stage.shows('staging', digest);
    await stage.shows('target', digest);
    await createHelloWorld(world, { base: `${subject.target}:${subject.tag}` });
    const run = await startBuild(world);
    stage.note('did', 'built', `the dev team builds hello-world on it: ACR task run ${run} in ${world.dev.name}`);
    await stage.helloWorld(digest);
  },
};

export const goodUpdate: Act = {
  title: 'A fix upstream reaches hello-world, and nobody lifts a finger',
  async play(stage) {
    const digest = await stage.push('upstream', 'green');
    const run = await stage.followTo(await stage.newRun(digest), 'promoted');
    const [build] = run.dependents;
    const adopted = build?.state === 'rebuilt' && !build.kicked;
    stage.expect(
      adopted,
      'adopted',
      `ACR's own trigger started ${build?.taskRun}; Sluice waited for it, and started none`,
    );
    await stage.shows('target', digest);
    await stage.helloWorld(digest);
  },
};

export const badUpdate: Act = {
  title: 'A bad image upstream stops at the gate',
  async play(stage) {
    const { world, subject } = stage;
    const before = await world.digest(world.buffer, subject.target, subject.tag);
    const builds = taskRuns(world).length;
    const digest = await stage.push('upstream', 'red');
    await stage.followTo(await stage.newRun(digest), 'rejected');
    await stage.shows('staging', digest);
    await stage.shows('target', before ?? '');
    stage.expect(taskRuns(world).length === builds, 'hello-world', 'nobody has built it anew');
    await stage.helloWorld(before ?? '');
  },
};

export const nextGoodUpdate: Act = {
  title: 'The next good one passes',
  async play(stage) {
    const digest = await stage.push('upstream', 'orange');
    await stage.followTo(await stage.newRun(digest), 'promoted');
    await stage.shows('target', digest);
    await stage.helloWorld(digest);
  },
};

export const lostEvent: Act = {
  title: 'An event gets lost, and the timer makes up for it',
  async play(stage) {
    const { events } = stage.world.azure;
    const { upstream, tag } = stage.subject;
    const fault = events.faults.add({ kind: 'drop', match: { repository: upstream, tag }, times: 1 });
    const digest = await stage.push('upstream', 'teal');
    await stage.until('lost', 'the event to be lost', async () => {
      const hits = events.faults.list().find(({ id }) => id === fault.id)?.hits ?? 0;
      return hits === 1 ? { found: hits } : { now: 'the registry tells Event Grid' };
    });
    stage.note('saw', 'lost', 'the push event, on purpose; a timer looks upstream every 5 s here, 2 min by default');
    await stage.followTo(await stage.newRun(digest), 'promoted');
    const delivered = events
      .deliveries(1000)
      .filter(({ event, state }) => event.data.target.digest === digest && state === 'delivered')
      .filter(({ event }) => event.data.target.repository === upstream);
    stage.expect(delivered.length === 0, 'delivered', 'no event of that push ever reached Sluice');
    await stage.shows('target', digest);
    await stage.helloWorld(digest);
  },
};
