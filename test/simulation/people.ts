/** What happens from outside: upstream publishes, people push, the catalog changes, operators command. */
import { parseTag } from '../../src/lib/image/names.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { catalogOf } from './catalog.ts';
import { Operator } from './operator.ts';
import { digestOf } from './places.ts';
import type { Random } from './random.ts';
import type { CatalogChange, Command, Input } from './scenario.ts';
import type { World } from './world.ts';

type Ambush = Extract<Input, { do: 'ambush' }>;

export class People {
  private readonly world: World;
  private readonly operator: Operator;
  /** Has a worker of an operator's own do it. */
  private readonly work: (job: (pipeline: Pipeline) => Promise<unknown>) => void;
  private changes: readonly CatalogChange[] = [];
  private readonly ambushes: Ambush[] = [];

  constructor(world: World, draw: Random, work: People['work']) {
    this.world = world;
    this.operator = new Operator(world, draw);
    this.work = work;
  }

  act(input: Input): void {
    const { world } = this;
    const { now } = world.clockwork;
    switch (input.do) {
      case 'upstream':
        world.publish(input.tag, digestOf(input.digest));
        break;
      case 'upstream-gone':
        world.upstream.move(input.tag, { digest: digestOf(0), at: now, by: 'person' });
        break;
      case 'push-staging':
        world.push('staging/node', input.tag, digestOf(input.digest), 'person');
        break;
      case 'push-target':
        world.push('base-images/node', input.tag, digestOf(input.digest), 'person');
        break;
      case 'catalog':
        this.recatalog(input.change);
        break;
      case 'newer-release':
        world.newerUntil.set(input.tag, now + input.lasts);
        break;
      case 'delete-task':
        world.dependents.remove(input.tag);
        break;
      case 'ambush':
        this.ambushes.push(input);
        break;
      case 'operator':
        this.command(input.tag, input.command);
        break;
    }
  }

  private recatalog(change: CatalogChange): void {
    const { world } = this;
    this.changes = change === 'restore' ? [] : [...this.changes, change];
    world.catalog = catalogOf(world.temper, this.changes);
  }

  /** Each ambush is sprung once. */
  spring(at: string, stage: string): void {
    const found = this.ambushes.findIndex((one) => one.tag === at && one.stage === stage);
    const [ambush] = found < 0 ? [] : this.ambushes.splice(found, 1);
    if (ambush) this.world.clockwork.after(ambush.delay, () => this.strike(ambush));
  }

  private strike({ tag, act }: Ambush): void {
    const digest = 200 + this.ambushes.length;
    if (act === 'drop-tag') this.recatalog(act);
    else if (act === 'upstream' || act === 'push-staging' || act === 'push-target')
      this.act({ at: 0, do: act, tag, digest });
    else this.command(tag, act);
  }

  private command(tag: string, command: Command): void {
    this.work((pipeline) => this.operator.carryOut(pipeline, { image: 'node', tag: parseTag(tag) }, command));
  }
}
