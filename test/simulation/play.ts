/** Plays one scenario: inputs, events, messages and timers, each handled by a worker of its own that may die. */
import { parseTag } from '../../src/lib/image/names.ts';
import { advance } from '../../src/lib/pipeline/advance.ts';
import { carry } from '../../src/lib/pipeline/carry.ts';
import { drift } from '../../src/lib/pipeline/drift.ts';
import type { Message, Place, TrackedTag } from '../../src/lib/pipeline/model.ts';
import { observe } from '../../src/lib/pipeline/observe.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { sweep } from '../../src/lib/pipeline/sweep.ts';
import { watchUpstream } from '../../src/lib/pipeline/watch.ts';
import { catalogOf } from './catalog.ts';
import type { Worker } from './clockwork.ts';
import { hour, minute, second } from './clockwork.ts';
import { Watcher } from './invariants.ts';
import { Operator } from './operator.ts';
import { digestOf } from './places.ts';
import { random } from './random.ts';
import type { CatalogChange, Command, Input, Scenario, Temper } from './scenario.ts';
import type { Variant } from './world.ts';
import { World } from './world.ts';

export interface Played {
  readonly violations: readonly string[];
  readonly world: World;
}

const redeliveredAfterCrash = 10 * minute;
const redeliveredAfterFailure = 30 * second;
const deliveries = 5;
/** After the chaos: every bound of the protocol, several times over, passes within this. */
const settling = 14 * hour;
/** Long enough for drift and watch to look twice. */
const settlingAtLeast = 50 * minute;
const quiet = 30 * minute;

export async function play(given: Scenario, variant?: Variant): Promise<Played> {
  const scenario = { ...given, inputs: [...(variant?.aimed ?? []), ...given.inputs] };
  const world = new World(scenario, variant);
  const watcher = new Watcher(world);
  const player = new Player(world, scenario, variant, watcher);
  const start = world.clockwork.now;
  const check = () => {
    watcher.check();
    return watcher.violations.length > 0;
  };
  player.begin();
  try {
    await world.clockwork.run(start + scenario.chaos, check);
    player.calm();
    const calm = start + scenario.chaos;
    let settled = 0;
    for (let until = calm + settlingAtLeast; until < calm + settling && settled < 2; until += quiet / 2) {
      await world.clockwork.run(until, check);
      // Twice in a row: drift comes by once more after the last run has ended.
      settled = watcher.isSettled() ? settled + 1 : 0;
    }
    watcher.beginQuiet();
    await world.clockwork.run(world.clockwork.now + quiet, check);
    watcher.end(scenario);
  } catch (error) {
    if (!watcher.violations.length) throw error;
  }
  return { violations: watcher.violations, world };
}

class Player {
  private readonly world: World;
  private readonly scenario: Scenario;
  private readonly variant: Variant | undefined;
  private readonly watcher: Watcher;
  private readonly draw;
  private readonly operator: Operator;
  private changes: readonly CatalogChange[] = [];
  private readonly ambushes: Extract<Input, { do: 'ambush' }>[] = [];

  constructor(world: World, scenario: Scenario, variant: Variant | undefined, watcher: Watcher) {
    this.world = world;
    this.scenario = scenario;
    this.variant = variant;
    this.watcher = watcher;
    this.draw = random(scenario.seed ^ 0x91a7);
    this.operator = new Operator(world, this.draw);
  }

  begin(): void {
    const { world, scenario } = this;
    world.onPush = (repository, tag) => this.event(repository, tag);
    world.onSend = (message, delay) => this.enqueue(message, delay);
    world.onTransition = (event) => {
      world.transitions.push(event);
      this.spring(event.tracked.tag, event.to);
    };
    world.onTargetRead = (tag) => this.spring(tag, 'target-read');
    for (const input of scenario.inputs) world.clockwork.after(input.at, () => this.input(input));
    this.timer('watch', 4 * minute, (pipeline) => watchUpstream(pipeline));
    this.timer('drift', 10 * minute, (pipeline) => drift(pipeline));
    if (!this.variant?.withoutSweep) this.timer('sweep', 5 * minute, (pipeline) => sweep(pipeline));
  }

  /** Faults stop; what they have done stays. */
  calm(): void {
    const { world } = this;
    world.clockwork.faults = { crash: 0, lostAnswer: 0, slowRequest: 0, freeze: 0 };
    const calm: Partial<Temper> = {
      lostEvents: world.temper.lostEvents === 1 ? 1 : 0,
      doubledEvents: 0,
      lostMessages: 0,
      doubledMessages: 0,
      hungImports: 0,
      failedImports: 0,
      failedValidations: 0,
      replicaLag: 0,
      listingLag: 0,
      refusedPuts: 0,
      unreachable: 0,
      refusedStarts: 0,
      deniedStarts: 0,
      goneImports: 0,
    };
    world.temper = { ...world.temper, ...calm };
  }

  private work(
    name: string,
    job: (pipeline: Pipeline, worker: Worker) => Promise<unknown>,
    ended: (how: 'done' | 'failed' | 'crashed') => void = () => {},
  ): void {
    const worker = this.world.clockwork.worker(name);
    worker.onDeath = () => ended('crashed');
    job(this.world.pipeline(worker), worker).then(
      () => worker.dead || ended('done'),
      (error: unknown) => {
        if (worker.dead) return;
        this.watcher.threw(name, error);
        ended('failed');
      },
    );
  }

  private timer(name: string, period: number, job: (pipeline: Pipeline) => Promise<unknown>): void {
    let busy = false;
    const tick = () => {
      this.world.clockwork.after(period, tick);
      if (busy) return;
      busy = true;
      this.work(name, job, () => {
        busy = false;
      });
    };
    this.world.clockwork.after(this.draw.between(0, period), tick);
  }

  private enqueue(message: Message, delay: number): void {
    const { world, draw } = this;
    if (draw.chance(world.temper.lostMessages)) return;
    const copies = draw.chance(world.temper.doubledMessages) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.deliver(message, delay + draw.between(0, 2 * second), 1);
  }

  private deliver(message: Message, delay: number, count: number): void {
    this.watcher.messages++;
    this.world.clockwork.after(delay, () => {
      this.watcher.messages--;
      const dequeueCount = this.variant?.dequeueCount?.(count) ?? count;
      this.work(
        'advance',
        (pipeline) => advance(pipeline, message, dequeueCount),
        (how) => {
          if (how === 'done' || count >= deliveries) return;
          this.deliver(message, how === 'crashed' ? redeliveredAfterCrash : redeliveredAfterFailure, count + 1);
        },
      );
    });
  }

  private event(repository: string, tag: string): void {
    const { world, draw } = this;
    const place: Place = repository === 'staging/node' ? 'staging' : 'target';
    if (draw.chance(world.temper.lostEvents)) return;
    const copies = draw.chance(world.temper.doubledEvents) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delay = draw.chance(0.1) ? draw.between(0, 10 * minute) : draw.between(50, 3000);
      world.clockwork.after(delay, () => this.handleEvent({ image: 'node', tag: parseTag(tag) }, place, 0));
    }
  }

  private handleEvent(tracked: TrackedTag, place: Place, redelivery: number): void {
    const job = async (pipeline: Pipeline) => {
      const observed = await observe(pipeline, tracked, place);
      if (observed.kind === 'unknown') throw new Error(observed.why);
      if (observed.kind === 'started') await carry(observed.session, observed.run.id);
    };
    this.work('event', job, (how) => {
      if (how === 'done' || redelivery > 3) return;
      this.world.clockwork.after(10 * second * 3 ** redelivery, () => this.handleEvent(tracked, place, redelivery + 1));
    });
  }

  private input(input: Input): void {
    const { world } = this;
    switch (input.do) {
      case 'upstream':
        world.upstream.move(input.tag, { digest: digestOf(input.digest), at: world.clockwork.now, by: 'upstream' });
        break;
      case 'upstream-gone':
        world.upstream.move(input.tag, { digest: digestOf(0), at: world.clockwork.now, by: 'person' });
        break;
      case 'push-staging':
        world.push('staging/node', input.tag, digestOf(input.digest), 'person');
        break;
      case 'push-target':
        world.push('base-images/node', input.tag, digestOf(input.digest), 'person');
        break;
      case 'catalog':
        this.changes = input.change === 'restore' ? [] : [...this.changes, input.change];
        world.catalog = catalogOf(world.temper, this.changes);
        break;
      case 'ambush':
        this.ambushes.push(input);
        break;
      case 'operator':
        this.command(input.tag, input.command);
        break;
    }
  }

  /** Each ambush is sprung once. */
  private spring(at: string, stage: string): void {
    const found = this.ambushes.findIndex((one) => one.tag === at && one.stage === stage);
    const [ambush] = found < 0 ? [] : this.ambushes.splice(found, 1);
    if (!ambush) return;
    const { tag, act, delay } = ambush;
    const digest = 200 + this.ambushes.length;
    this.world.clockwork.after(delay, () => {
      if (act === 'upstream' || act === 'push-staging' || act === 'push-target')
        this.input({ at: 0, do: act, tag, digest });
      else this.command(tag, act);
    });
  }

  private command(tag: string, command: Command): void {
    this.work('operator', (pipeline) =>
      this.operator.carryOut(pipeline, { image: 'node', tag: parseTag(tag) }, command),
    );
  }
}
