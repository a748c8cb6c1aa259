/** Plays one scenario: inputs, events, messages and timers, each handled by a worker of its own that may die. */
import { parseRepository, parseTag } from '../../src/lib/image/names.ts';
import { advance } from '../../src/lib/pipeline/advance.ts';
import { drift } from '../../src/lib/pipeline/drift.ts';
import type { Message } from '../../src/lib/pipeline/message.ts';
import type { Push } from '../../src/lib/pipeline/push.ts';
import { concernedBy, observePush } from '../../src/lib/pipeline/push.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { sweep } from '../../src/lib/pipeline/sweep.ts';
import { watchUpstream } from '../../src/lib/pipeline/watch.ts';
import type { Worker } from './clockwork.ts';
import { hour, minute, second } from './clockwork.ts';
import { FinalWatcher } from './final-invariants.ts';
import { Watcher } from './invariants.ts';
import { People } from './people.ts';
import { random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { noTrouble } from './temper.ts';
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
    const final = new FinalWatcher(world, watcher);
    await world.clockwork.run(world.clockwork.now + quiet, check);
    final.checkEnd(scenario);
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
  private readonly people: People;

  constructor(world: World, scenario: Scenario, variant: Variant | undefined, watcher: Watcher) {
    this.world = world;
    this.scenario = scenario;
    this.variant = variant;
    this.watcher = watcher;
    this.draw = random(scenario.seed ^ 0x91a7);
    this.people = new People(world, this.draw, (job) => this.work('operator', job));
  }

  begin(): void {
    const { world, scenario } = this;
    world.onPush = (registry, repository, tag) => this.event(registry, repository, tag);
    world.onSend = (message, delay) => this.enqueue(message, delay);
    world.onTransition = (event) => {
      world.transitions.push(event);
      this.people.spring(event.tracked.tag, event.to);
    };
    world.onTargetRead = (tag) => this.people.spring(tag, 'target-read');
    for (const input of scenario.inputs) world.clockwork.after(input.at, () => this.people.act(input));
    this.timer('watch', 4 * minute, (pipeline) => watchUpstream(pipeline));
    this.timer('drift', 10 * minute, (pipeline) => drift(pipeline));
    if (!this.variant?.withoutSweep) this.timer('sweep', 5 * minute, (pipeline) => sweep(pipeline));
  }

  /** Faults stop; what they have done stays. */
  calm(): void {
    const { world } = this;
    world.clockwork.faults = noTrouble.faults;
    const forever = (rate: number) => (rate === 1 ? 1 : 0);
    const { lostEvents, lostMessages } = world.temper;
    const lost = { lostEvents: forever(lostEvents), lostMessages: forever(lostMessages) };
    world.temper = { ...world.temper, ...noTrouble, ...lost };
  }

  private work(
    name: string,
    job: (pipeline: Pipeline, worker: Worker) => Promise<unknown>,
    ended: (how: 'done' | 'failed' | 'crashed') => void = () => {},
  ): void {
    const worker = this.world.worker(name);
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

  private event(registry: string, repository: string, tag: string): void {
    const { world, draw } = this;
    if (draw.chance(world.temper.lostEvents)) return;
    // Event Grid names the registry by its resource; its own webhook, and a queue of such, by its login server.
    const resourceId = `/registries/${registry.slice(0, -'.local'.length)}`;
    const named = draw.chance(0.5) ? { resourceId } : { loginServer: registry };
    const push = { registry: named, repository: parseRepository(repository), tag: parseTag(tag) };
    const copies = draw.chance(world.temper.doubledEvents) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delay = draw.chance(0.1) ? draw.between(0, 10 * minute) : draw.between(50, 3000);
      world.clockwork.after(delay, () => this.handleEvent(push, 0));
    }
  }

  private handleEvent(push: Push, redelivery: number): void {
    const concerned = concernedBy(this.world.catalog, push);
    const job = (pipeline: Pipeline) => observePush(pipeline, concerned);
    this.work('event', job, (how) => {
      if (how === 'done' || redelivery > 3) return;
      this.world.clockwork.after(10 * second * 3 ** redelivery, () => this.handleEvent(push, redelivery + 1));
    });
  }
}
