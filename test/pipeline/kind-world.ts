/** The simulated world without faults, driven step by step: nothing happens in it but what a test asks for. */
import type { Image } from '../../src/lib/catalog/model.ts';
import type { Digest } from '../../src/lib/image/digest.ts';
import { parseTag } from '../../src/lib/image/names.ts';
import { advance } from '../../src/lib/pipeline/advance.ts';
import { carry } from '../../src/lib/pipeline/carry.ts';
import { drift } from '../../src/lib/pipeline/drift.ts';
import type { Message } from '../../src/lib/pipeline/message.ts';
import type { Head, Place, Run } from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import type { Observed } from '../../src/lib/pipeline/observe.ts';
import { observe } from '../../src/lib/pipeline/observe.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { sweep } from '../../src/lib/pipeline/sweep.ts';
import { watchUpstream } from '../../src/lib/pipeline/watch.ts';
import { hour, minute } from '../simulation/clockwork.ts';
import { digestOf } from '../simulation/places.ts';
import type { Temper } from '../simulation/temper.ts';
import { kindTemper } from '../simulation/temper.ts';
import { World } from '../simulation/world.ts';

/** Digests by number: every third one is bad, and validation rejects it. */
export const good = [11, 13, 14, 16, 17, 19].map(digestOf) as [Digest, Digest, Digest, Digest, Digest, Digest];
export const bad = digestOf(12);

export const caller = { by: 'ada', reason: 'because' };

export class KindWorld {
  readonly tracked = { image: 'node', tag: parseTag('1') };
  readonly world: World;
  /** Messages are delivered while this is so. */
  delivers = true;
  private image: Image | undefined;
  private wrap: (pipeline: Pipeline) => Pipeline = (pipeline) => pipeline;

  /** Staging and target are empty, and upstream has nothing yet. */
  constructor(temper: Partial<Temper> = {}) {
    const scenario = { seed: 1, temper: { ...kindTemper, ...temper }, inputs: [], chaos: 0 };
    this.world = new World(scenario, { name: 'kind', wrap: (pipeline) => this.wrap(this.withCatalog(pipeline)) });
    this.world.upstream.tags.clear();
    for (const repository of this.world.buffer.values()) repository.tags.clear();
    this.recatalog((image) => ({ ...image, dependents: { ...image.dependents, ...this.twoTasks() } }));
    this.world.onSend = (message, delay) => this.deliver(message, delay);
  }

  private withCatalog(pipeline: Pipeline): Pipeline {
    const images = this.image ? [this.image] : pipeline.catalog.images;
    return { ...pipeline, catalog: { ...pipeline.catalog, images } };
  }

  /** One that ACR starts by itself, and one that it does not. */
  private twoTasks(): Partial<Image['dependents']> {
    const registry = this.world.catalog.registries.find(({ name }) => name === 'dev');
    if (!registry) throw new Error('the simulated catalog has a registry dev');
    return { discover: false, tasks: ['auto1', 'manual1'].map((task) => ({ registry, task })) };
  }

  /** A release with another catalog. */
  recatalog(change: (image: Image) => Image): void {
    const image = this.image ?? this.world.catalog.images[0];
    if (image) this.image = change(image);
  }

  /** From now on, workers see the world through this. */
  through(wrap: (pipeline: Pipeline) => Pipeline): void {
    this.wrap = wrap;
  }

  private deliver(message: Message, delay: number): void {
    this.world.clockwork.after(delay, () => {
      if (this.delivers) void this.work((pipeline) => advance(pipeline, message, 1));
    });
  }

  private work<T>(job: (pipeline: Pipeline) => Promise<T>): Promise<T> {
    return job(this.world.pipeline(this.world.clockwork.worker('test')));
  }

  /** What a worker answers; time passes until it has. */
  async do<T>(job: (pipeline: Pipeline) => Promise<T>): Promise<T> {
    let done = false;
    const answer = this.work(job).finally(() => {
      done = true;
    });
    // Its failure is the caller's, below; until then nobody listens.
    answer.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    if (!done) await this.world.clockwork.run(this.world.clockwork.now + hour, () => done);
    return answer;
  }

  async pass(time: number): Promise<void> {
    await this.world.clockwork.run(this.world.clockwork.now + time, () => false);
  }

  /** Lets time pass, with the three timers as they run in production. */
  async passWithTimers(time: number): Promise<void> {
    const end = this.now + time;
    for (let tick = 0; this.now < end; tick++) {
      await this.pass(Math.min(5 * minute, end - this.now));
      await this.do(watchUpstream);
      await this.do(sweep);
      if (tick % 2 === 1) await this.do(drift);
    }
  }

  upstream(digest: Digest): void {
    this.world.upstream.move(this.tracked.tag, { digest, at: this.now, by: 'upstream' });
  }

  push(repository: 'staging/node' | 'base-images/node', digest: Digest): void {
    this.world.push(repository, this.tracked.tag, digest, 'person');
  }

  /** As the event's handler does: the run goes on at once. */
  look(place: Place): Promise<Observed> {
    return this.do(async (pipeline) => {
      const observed = await observe(pipeline, this.tracked, place);
      if (observed.kind === 'started') await carry(observed.session, observed.run.id);
      return observed;
    });
  }

  /** Upstream takes the digest, somebody looks, and all that follows happens. */
  async bring(digest: Digest, time = hour): Promise<Run> {
    this.upstream(digest);
    await this.look('upstream');
    await this.pass(time);
    return this.runOf(digest);
  }

  get now(): number {
    return this.world.clockwork.now;
  }

  private get rows() {
    return this.world.state.tags.get(nameOf(this.tracked));
  }

  get head(): Head {
    const head = this.rows?.head;
    if (!head) throw new Error('the tag was never looked at');
    return head;
  }

  get lease() {
    return this.rows?.lease;
  }

  get active(): readonly Run[] {
    return [...(this.rows?.active.values() ?? [])];
  }

  get runs(): readonly Run[] {
    return [...(this.rows?.ended.values() ?? []), ...this.active].sort((a, b) => a.seq - b.seq);
  }

  /** Transitions of the tag itself: holds and baselines. */
  get timeline() {
    return this.rows?.timeline.get('') ?? [];
  }

  get blocked(): readonly Digest[] {
    return [...(this.rows?.blocked.keys() ?? [])];
  }

  /** The newest run of the digest. */
  runOf(digest: Digest): Run {
    const run = this.runs.findLast((one) => one.digest === digest);
    if (!run) throw new Error(`no run of ${digest}`);
    return run;
  }

  /** What the target shows. */
  get target(): Digest | undefined {
    return this.world.repository('base-images/node').now(this.tracked.tag)?.digest;
  }
}
