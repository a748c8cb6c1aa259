/** The simulated world: registries, imports, task runs and the record, reached by workers through the pipeline's ports. */
import type { Catalog } from '../../src/lib/catalog/model.ts';
import type { Digest } from '../../src/lib/image/digest.ts';
import type { Periods } from '../../src/lib/pipeline/periods.ts';
import { defaultPeriods } from '../../src/lib/pipeline/periods.ts';
import type * as ports from '../../src/lib/pipeline/ports.ts';
import type { TransitionEvent } from '../../src/lib/pipeline/ports.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { catalogOf } from './catalog.ts';
import type { Worker } from './clockwork.ts';
import { Clockwork, minute } from './clockwork.ts';
import type { MemoryState } from './memory-store.ts';
import { memoryState } from './memory-store.ts';
import type { Move } from './places.ts';
import { digestOf, Repository } from './places.ts';
import type { Random } from './random.ts';
import { random } from './random.ts';
import type { Input, Scenario, Temper } from './scenario.ts';
import { tags } from './scenario.ts';
import type { ImageTag } from './tasks.ts';
import { Dependents, Validations } from './tasks.ts';
import { WorkerPorts } from './worker-ports.ts';

export interface SimImport {
  state: ports.ImportState;
}

/** What a broken variant of the pipeline replaces; see controls.ts. */
export interface Variant {
  readonly name: string;
  readonly periods?: Partial<Periods>;
  /** Wraps the ports that one worker gets. */
  readonly wrap?: (pipeline: Pipeline, worker: Worker, world: World) => Pipeline;
  readonly dequeueCount?: (count: number) => number;
  readonly withoutSweep?: boolean;
  /** Inputs that aim at what is broken: chance would seldom strike there. */
  readonly aimed?: readonly Input[];
}

/** A put into the target took effect. */
export interface TargetPut {
  readonly tag: string;
  readonly digest: Digest;
  readonly worker: Worker;
}

export class World {
  readonly clockwork: Clockwork;
  readonly state: MemoryState = memoryState();
  readonly upstream = new Repository();
  readonly buffer = new Map<string, Repository>([
    ['staging/node', new Repository()],
    ['base-images/node', new Repository()],
  ]);
  readonly dev = new Repository();
  readonly validations: Validations;
  readonly dependents: Dependents;
  catalog: Catalog;
  readonly periods: Periods;
  /** Called when a worker is about to read the target. */
  onTargetRead: (tag: string) => void = () => {};
  /** Called for each transition a worker tells of. */
  onTransition: (event: TransitionEvent) => void = () => {};
  readonly transitions: TransitionEvent[] = [];
  /** Called at the moment a put into the target takes effect. */
  onTargetPut: (put: TargetPut) => void = () => {};
  /** Called when a place has been pushed to, for events. */
  onPush: (repository: string, tag: string) => void = () => {};
  onSend: (message: Parameters<ports.Queue['send']>[0], delay: number) => void = () => {};
  temper: Temper;
  readonly random: Random;
  readonly imports: SimImport[] = [];
  readonly startedAt: number;
  ids = 0;
  private readonly variant: Variant | undefined;

  constructor(scenario: Scenario, variant?: Variant) {
    this.random = random(scenario.seed ^ 0x5eed);
    this.temper = scenario.temper;
    this.variant = variant;
    this.clockwork = new Clockwork(random(scenario.seed ^ 0xc10c), scenario.temper.faults);
    this.startedAt = this.clockwork.now;
    this.catalog = catalogOf(scenario.temper);
    this.periods = { ...defaultPeriods, poll: scenario.temper.poll, ...variant?.periods };
    const at = this.clockwork.now - 60 * minute;
    for (const tag of tags) {
      this.upstream.move(tag, { digest: digestOf(10), at, by: 'upstream' });
      if (this.random.chance(0.7))
        this.repository('base-images/node').move(tag, { digest: digestOf(10), at, by: 'import' });
      if (this.random.chance(0.5))
        this.repository('staging/node').move(tag, { digest: digestOf(10), at, by: 'import' });
    }
    const current = () => this.temper;
    this.validations = new Validations(this.clockwork, this.random, current);
    const resolve = (base: ImageTag) => {
      if (base.registry === 'dev.local') return this.dev.now(`${base.repository}:${base.tag}`)?.digest;
      return this.repository(base.repository).now(base.tag)?.digest;
    };
    this.dependents = new Dependents(this.clockwork, this.random, current, tags, resolve);
    const moved = this.dependents.moved.bind(this.dependents);
    this.dependents.moved = (base, digest) => {
      if (base.registry === 'dev.local') {
        this.dev.move(`${base.repository}:${base.tag}`, { digest, at: this.registryNow(), by: 'us' });
      }
      moved(base, digest);
    };
  }

  registryNow(): number {
    return this.clockwork.now + this.temper.registryClock;
  }

  repository(name: string): Repository {
    const repository = this.buffer.get(name) ?? new Repository();
    this.buffer.set(name, repository);
    return repository;
  }

  /** A push to a place: by a person, or by our put. */
  push(name: string, tag: string, digest: Digest, by: Move['by']): void {
    const repository = this.repository(name);
    const changed = repository.now(tag)?.digest !== digest;
    repository.move(tag, { digest, at: this.registryNow(), by });
    this.onPush(name, tag);
    if (name === 'base-images/node' && changed) {
      this.dependents.moved({ registry: 'buffer.local', repository: name, tag }, digest);
    }
  }

  /** The ports as one worker has them. */
  pipeline(worker: Worker): Pipeline {
    const ports = new WorkerPorts(this, worker);
    return this.variant?.wrap?.(ports.all(), worker, this) ?? ports;
  }
}
