/** The simulated world: registries, imports, task runs and the record, reached by workers through the pipeline's ports. */
import type { Catalog } from '../../src/lib/catalog/model.ts';
import type { Digest } from '../../src/lib/image/digest.ts';
import type { Periods } from '../../src/lib/pipeline/periods.ts';
import { defaultPeriods } from '../../src/lib/pipeline/periods.ts';
import type * as ports from '../../src/lib/pipeline/ports.ts';
import type { TransitionEvent } from '../../src/lib/pipeline/ports.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import type { ImageTag } from './builds.ts';
import { Dependents } from './builds.ts';
import { catalogOf } from './catalog.ts';
import type { Worker } from './clockwork.ts';
import { Clockwork, hour, minute } from './clockwork.ts';
import type { MemoryState } from './memory-store.ts';
import { memoryState } from './memory-store.ts';
import type { Move } from './places.ts';
import { digestOf, Repository } from './places.ts';
import type { Random } from './random.ts';
import { random } from './random.ts';
import type { SimImport } from './registry-ports.ts';
import type { Input, Scenario } from './scenario.ts';
import { tags } from './scenario.ts';
import type { Temper } from './temper.ts';
import { Validations } from './validations.ts';
import { workerPorts } from './worker-ports.ts';

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

/** More tags than may be imported at once at first; the last has the form of a run's own tag, and is none of upstream's. */
const crowd = ['2a', '2b', '2c', '2d', '2e', '2-x', '2-abcdefgh0123'] as const;

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
  onPush: (registry: string, repository: string, tag: string) => void = () => {};
  onSend: (message: Parameters<ports.Queue['send']>[0], delay: number) => void = () => {};
  temper: Temper;
  readonly random: Random;
  /** Until when a tag's rows are of a newer release. */
  readonly newerUntil = new Map<string, number>();
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
    const { poll, approvalPeriod: approval } = scenario.temper;
    // What never ends is waited for, in steps of `poll`, no longer than needs be.
    const waits = { poll, approval, rebuild: hour, validationSlack: 20 * minute };
    this.periods = { ...defaultPeriods, ...waits, ...variant?.periods };
    const at = this.clockwork.now - hour;
    for (const tag of [...tags, ...(scenario.temper.crowd ? crowd : [])]) {
      this.upstream.move(tag, { digest: digestOf(10), at, by: 'upstream' });
    }
    for (const tag of tags) {
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
    this.dependents = new Dependents(
      { clockwork: this.clockwork, random: this.random, temper: current, resolve },
      tags,
    );
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
    this.onPush('buffer.local', name, tag);
    if (name === 'base-images/node' && changed) {
      this.dependents.moved({ registry: 'buffer.local', repository: name, tag }, digest);
    }
  }

  /** Upstream publishes; where it is a registry in Azure, that raises an event. */
  publish(tag: string, digest: Digest): void {
    this.upstream.move(tag, { digest, at: this.clockwork.now, by: 'upstream' });
    if (this.temper.azureUpstream) this.onPush('public.local', 'library/node', tag);
  }

  worker(name: string): Worker {
    const worker = this.clockwork.worker(name);
    worker.beaten = this.random.chance(this.temper.stubbornConflicts);
    return worker;
  }

  /** The ports as one worker has them. */
  pipeline(worker: Worker): Pipeline {
    const ports = workerPorts({ world: this, worker });
    return this.variant?.wrap?.(ports, worker, this) ?? ports;
  }
}
