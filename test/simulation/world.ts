/** The simulated world: registries, imports, task runs and the record, reached by workers through the pipeline's ports. */
import type { Catalog, Registry } from '../../src/lib/catalog/model.ts';
import type { Digest } from '../../src/lib/image/digest.ts';
import { parseRepository, parseTag } from '../../src/lib/image/names.ts';
import { parseTagPattern } from '../../src/lib/image/tag-pattern.ts';
import { PortError } from '../../src/lib/pipeline/errors.ts';
import type { Periods } from '../../src/lib/pipeline/periods.ts';
import { defaultPeriods } from '../../src/lib/pipeline/periods.ts';
import type * as ports from '../../src/lib/pipeline/ports.ts';
import type { TransitionEvent } from '../../src/lib/pipeline/ports.ts';
import type * as record from '../../src/lib/pipeline/record.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import type { Worker } from './clockwork.ts';
import { Clockwork, LostAnswer, minute, second } from './clockwork.ts';
import type { MemoryState } from './memory-store.ts';
import {
  memoryCursors,
  memoryImageHolds,
  memoryIndex,
  memoryState,
  memoryStore,
  memoryVerdicts,
} from './memory-store.ts';
import type { Move } from './places.ts';
import { digestOf, Repository } from './places.ts';
import type { Random } from './random.ts';
import { random } from './random.ts';
import type { CatalogChange, Scenario, Temper } from './scenario.ts';
import { tags } from './scenario.ts';
import type { ImageTag } from './tasks.ts';
import { Dependents, infoOf, Validations } from './tasks.ts';

interface SimImport {
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
  private readonly random: Random;
  private readonly imports: SimImport[] = [];
  readonly startedAt: number;
  private ids = 0;
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
    const pipeline = this.plainPipeline(worker);
    return this.variant?.wrap?.(pipeline, worker, this) ?? pipeline;
  }

  /** Ports are made when they are first used: most workers need few. */
  private plainPipeline(worker: Worker): Pipeline {
    const { clockwork, state } = this;
    const now = () => clockwork.now;
    const remote = <T extends object>(port: T): T => this.remote(worker, port);
    const makers: { [K in keyof Pipeline]: () => Pipeline[K] } = {
      catalog: () => this.catalog,
      periods: () => this.periods,
      store: () => remote(memoryStore(state, now)),
      verdicts: () => remote(this.verdictsPort(memoryVerdicts(state, now))),
      index: () => remote(memoryIndex(state, now)),
      cursors: () => remote(memoryCursors(state)),
      imageHolds: () => remote(memoryImageHolds(state)),
      queue: () => remote({ send: (message, delay) => Promise.resolve(this.onSend(message, delay)) }),
      upstream: () => remote(this.upstreamPort()),
      buffer: () => this.bufferPort(worker),
      mover: () => this.moverPort(worker),
      remover: () => remote({ removeTag: () => Promise.resolve() }),
      importer: () => remote(this.importerPort()),
      validations: () => this.validationPort(worker),
      dependents: () => remote(this.dependentsPort()),
      clock: () => ({
        monotonic: () => clockwork.now + worker.offset,
        sleep: (ms) => new Promise((resolve) => clockwork.after(ms, () => worker.dead || resolve())),
      }),
      ids: () => ({
        run: (at) => `${Math.floor(at / 1000).toString(36)}${(this.ids++).toString(36).padStart(4, '0')}`,
        nonce: () => `n${this.ids++}`,
      }),
      journal: () => ({ transition: (event) => this.onTransition(event) }),
    };
    return lazily(makers);
  }

  /** Every method of a port becomes a call over the wire. */
  private remote<T extends object>(worker: Worker, port: T): T {
    const wired: Record<string, unknown> = {};
    for (const name in port) {
      const method = port[name] as (...args: unknown[]) => unknown;
      wired[name] = (...args: unknown[]) => this.clockwork.call(worker, () => method(...args));
    }
    return wired as T;
  }

  private verdictsPort(verdicts: record.Verdicts): record.Verdicts {
    return {
      get: verdicts.get,
      put: async (verdict, etag) => {
        const answer = await verdicts.put(verdict, etag);
        if (answer !== undefined && verdict.taskRun !== undefined) this.validations.recorded.add(verdict.taskRun);
        return answer;
      },
    };
  }

  private unreachable(): boolean {
    return this.random.chance(this.temper.unreachable);
  }

  private upstreamPort(): ports.UpstreamReader {
    return {
      read: async (_upstream, tag) => {
        if (this.unreachable()) return { kind: 'unknown', why: 'upstream does not answer' };
        const move = this.upstream.now(tag);
        return move && move.by !== 'person' ? { kind: 'found', digest: move.digest } : { kind: 'absent' };
      },
      tags: async () => {
        if (this.unreachable()) return { kind: 'unknown', why: 'upstream does not answer' };
        return { kind: 'found', tags: [...this.upstream.tags.keys()].map(parseTag) };
      },
    };
  }

  private lag(): number {
    return this.random.chance(this.temper.replicaLag * 0.3) ? this.random.between(0, 149 * second) : 0;
  }

  private bufferPort(worker: Worker): ports.BufferReader {
    const { clockwork } = this;
    return {
      readTag: (repository, tag) => {
        if (repository === 'base-images/node' && worker.name === 'advance') this.onTargetRead(tag);
        return clockwork.call(worker, () => {
          if (this.unreachable()) return { kind: 'unknown', why: 'the registry does not answer' };
          return this.repository(repository).read(tag, this.registryNow(), this.lag());
        });
      },
      tagsByTime: (repository) => {
        const page = () => clockwork.call(worker, () => this.listed(repository));
        return (async function* () {
          yield await page();
        })();
      },
    };
  }

  private listed(name: string): ports.ListedTag[] {
    const repository = this.repository(name);
    const lag = this.lag();
    return [...repository.tags.keys()]
      .map((tag) => ({ tag: parseTag(tag), reading: repository.read(tag, this.registryNow(), lag) }))
      .flatMap(({ tag, reading }) =>
        reading.kind === 'found' ? [{ tag, digest: reading.digest, at: reading.at ?? 0 }] : [],
      )
      .sort((a, b) => b.at - a.at);
  }

  private moverPort(worker: Worker): ports.TagMover {
    const { clockwork } = this;
    return {
      moveTag: async (repository, tag, digest, sendBefore) => {
        if (clockwork.now + worker.offset > sendBefore)
          return { kind: 'refused', next: 'retry', why: 'too late to be sent' };
        try {
          return await clockwork.call(worker, () => this.put(repository, tag, digest, worker));
        } catch (error) {
          if (error instanceof LostAnswer) return { kind: 'unclear', why: error.message };
          throw error;
        }
      },
    };
  }

  put(repository: string, tag: string, digest: Digest, worker: Worker): ports.PutAnswer {
    if (this.random.chance(this.temper.refusedPuts)) return { kind: 'refused', next: 'retry', why: 'throttled' };
    if (!this.repository(repository).manifests.has(digest)) {
      return { kind: 'refused', next: 'stall', why: 'the manifest is unknown' };
    }
    if (repository === 'base-images/node') this.onTargetPut({ tag, digest, worker });
    this.push(repository, tag, digest, 'us');
    return { kind: 'put', at: Math.floor(this.registryNow() / 1000) * 1000 };
  }

  private importerPort(): ports.Importer {
    const { clockwork, random: draw } = this;
    return {
      start: async (request) => {
        if (draw.chance(this.temper.goneImports)) return { kind: 'gone', why: 'the digest is not there any more' };
        if (draw.chance(this.temper.deniedStarts)) return { kind: 'failed', next: 'stall', why: 'a role is missing' };
        const one: SimImport = { state: { kind: 'running' } };
        this.imports.push(one);
        const hangs = draw.chance(this.temper.hungImports);
        const fails = draw.chance(this.temper.failedImports);
        const lands = () => {
          const repository = this.repository(request.repository);
          if (repository.now(request.tag)) return { kind: 'exists' } as const;
          repository.move(request.tag, { digest: request.digest, at: this.registryNow(), by: 'import' });
          return { kind: 'succeeded' } as const;
        };
        clockwork.after(draw.between(second, 40 * second), () => {
          if (hangs) return;
          one.state = fails ? { kind: 'failed', next: 'retry', why: 'upstream limits' } : lands();
        });
        // What hung or failed may land all the same, late.
        if ((hangs || fails) && draw.chance(0.4))
          clockwork.after(draw.between(minute, 30 * minute), () => void lands());
        return { kind: 'started', handle: String(this.imports.length - 1) };
      },
      poll: async (handle) =>
        this.imports[Number(handle)]?.state ?? { kind: 'failed', next: 'retry', why: 'unknown operation' },
    };
  }

  private validationPort(worker: Worker): ports.ValidationRunner {
    const { clockwork, validations } = this;
    return {
      describe: (entry) => JSON.stringify(entry),
      schedule: (job) =>
        clockwork.call(worker, () => {
          if (this.random.chance(this.temper.refusedStarts)) return { kind: 'failed', next: 'retry', why: 'throttled' };
          if (this.random.chance(this.temper.deniedStarts))
            return { kind: 'failed', next: 'stall', why: 'a role is missing' };
          return { kind: 'scheduled', taskRun: validations.schedule(job.digest, job.token) };
        }),
      findByToken: (token) =>
        clockwork.call(worker, () => {
          if (!this.temper.tokensTold) return undefined;
          return [...validations.runs.values()].find((run) => run.token === token)?.id;
        }),
      get: (id) =>
        clockwork.call(worker, () => {
          const run = validations.runs.get(id);
          return run && infoOf(run, this.temper.tokensTold);
        }),
      logEnd: (id) => clockwork.call(worker, () => validations.runs.get(id)?.log ?? ''),
      cancel: (id) =>
        clockwork.call(worker, () => {
          const run = validations.runs.get(id);
          if (run && (run.status === 'queued' || run.status === 'running')) run.status = 'canceled';
        }),
    };
  }

  private dependentsPort(): ports.DependentTasks {
    const { dependents } = this;
    const find = (name: string) => dependents.tasks.find((task) => task.name === name);
    return {
      list: async (registry: Registry) => {
        if (this.unreachable())
          throw new PortError('it does not answer', {
            operation: 'list tasks of',
            target: registry.name,
            next: 'retry',
          });
        return registry.name === 'dev' ? dependents.tasks.map((task) => dependents.info(task)) : [];
      },
      get: async (_registry, name) => {
        const task = find(name);
        return task && dependents.info(task);
      },
      runs: async (_registry, name, since) => {
        const task = find(name);
        return task ? dependents.list(task, since) : [];
      },
      kick: async (_registry, name, token) => {
        const task = find(name);
        if (!task) return { kind: 'failed', next: 'stall', why: 'no such task' };
        if (this.random.chance(this.temper.refusedStarts)) return { kind: 'failed', next: 'retry', why: 'throttled' };
        if (this.random.chance(this.temper.deniedStarts))
          return { kind: 'failed', next: 'stall', why: 'a role is missing' };
        const kick = `${name} ${token}`;
        dependents.kicks.set(kick, (dependents.kicks.get(kick) ?? 0) + 1);
        return { kind: 'scheduled', taskRun: dependents.start(task, token, []) };
      },
    };
  }
}

function lazily<T extends object>(makers: { readonly [K in keyof T]: () => T[K] }): T {
  const made = {} as T;
  for (const name in makers) {
    Object.defineProperty(made, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = makers[name]();
        Object.defineProperty(made, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return made;
}

/** The catalog as it is after these changes. */
export function catalogOf(temper: Temper, changes: readonly CatalogChange[] = []): Catalog {
  const registry = (name: string): Registry => ({
    name,
    loginServer: `${name}.local`,
    resourceId: `/registries/${name}`,
    subscription: '',
    resourceGroup: '',
    kick: temper.kick,
  });
  const buffer = registry('buffer');
  const dev = registry('dev');
  const check = changes.includes('other-validation') ? 'check-more' : 'check';
  return {
    buffer,
    registries: changes.includes('drop-registry') ? [buffer] : [buffer, dev],
    tools: { dockerCli: 'tools/docker-cli:1' },
    images: [
      {
        name: 'node',
        upstream: { kind: 'oci', host: 'docker.io', repository: parseRepository('library/node') },
        tags: (changes.includes('drop-tag') ? ['1'] : ['1', '2*']).map((tag) => parseTagPattern(tag)),
        staging: parseRepository('staging/node'),
        target: parseRepository('base-images/node'),
        validate: [{ kind: 'task', task: check, timeoutSeconds: 600 }],
        gate: { soak: temper.soak, approval: temper.approval },
        dependents: { discover: true, tasks: [{ registry: dev, task: 'named1' }], maxParallel: 2, failureBudget: 1 },
      },
    ],
  };
}
