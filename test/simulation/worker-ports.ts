/** The pipeline's ports as one worker of the simulated world has them. */
import type { Registry } from '../../src/lib/catalog/model.ts';
import type { Digest } from '../../src/lib/image/digest.ts';
import { parseTag } from '../../src/lib/image/names.ts';
import { PortError } from '../../src/lib/pipeline/errors.ts';
import type * as ports from '../../src/lib/pipeline/ports.ts';
import type * as record from '../../src/lib/pipeline/record.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import type { Worker } from './clockwork.ts';
import { LostAnswer, minute, second } from './clockwork.ts';
import { memoryCursors, memoryImageHolds, memoryIndex, memoryStore, memoryVerdicts } from './memory-store.ts';
import { infoOf } from './tasks.ts';
import type { SimImport, World } from './world.ts';

/** Each port is made when it is first used: most workers need few. */
export class WorkerPorts implements Pipeline {
  private readonly world: World;
  private readonly worker: Worker;
  private readonly made: { -readonly [K in keyof Pipeline]?: Pipeline[K] } = {};

  constructor(world: World, worker: Worker) {
    this.world = world;
    this.worker = worker;
  }

  /** As a plain object, for what wraps them. */
  all(): Pipeline {
    const { catalog, periods, store, verdicts, index, cursors, imageHolds, queue, upstream, buffer } = this;
    const { mover, remover, importer, validations, dependents, clock, ids, journal } = this;
    const record = { store, verdicts, index, cursors, imageHolds, queue };
    const tools = { mover, remover, importer, validations, dependents, clock, ids, journal };
    return { catalog, periods, upstream, buffer, ...record, ...tools };
  }

  private readonly now = () => this.world.clockwork.now;

  get catalog() {
    return this.world.catalog;
  }
  get periods() {
    return this.world.periods;
  }
  get store() {
    this.made.store ??= this.remote(memoryStore(this.world.state, this.now));
    return this.made.store;
  }
  get verdicts() {
    this.made.verdicts ??= this.remote(this.verdictsPort(memoryVerdicts(this.world.state, this.now)));
    return this.made.verdicts;
  }
  get index() {
    this.made.index ??= this.remote(memoryIndex(this.world.state, this.now));
    return this.made.index;
  }
  get cursors() {
    this.made.cursors ??= this.remote(memoryCursors(this.world.state));
    return this.made.cursors;
  }
  get imageHolds() {
    this.made.imageHolds ??= this.remote(memoryImageHolds(this.world.state));
    return this.made.imageHolds;
  }
  get queue() {
    const send: ports.Queue['send'] = (message, delay) => Promise.resolve(this.world.onSend(message, delay));
    this.made.queue ??= this.remote({ send });
    return this.made.queue;
  }
  get upstream() {
    this.made.upstream ??= this.remote(this.upstreamPort());
    return this.made.upstream;
  }
  get buffer() {
    this.made.buffer ??= this.bufferPort();
    return this.made.buffer;
  }
  get mover() {
    this.made.mover ??= this.moverPort();
    return this.made.mover;
  }
  get remover() {
    this.made.remover ??= this.remote({ removeTag: () => Promise.resolve() });
    return this.made.remover;
  }
  get importer() {
    this.made.importer ??= this.remote(this.importerPort());
    return this.made.importer;
  }
  get validations() {
    this.made.validations ??= this.validationPort();
    return this.made.validations;
  }
  get dependents() {
    this.made.dependents ??= this.remote(this.dependentsPort());
    return this.made.dependents;
  }
  get clock() {
    const { worker, world } = this;
    this.made.clock ??= {
      monotonic: () => world.clockwork.now + worker.offset,
      sleep: (ms) => new Promise((resolve) => world.clockwork.after(ms, () => worker.dead || resolve())),
    };
    return this.made.clock;
  }
  get ids() {
    const { world } = this;
    this.made.ids ??= {
      run: (at) => `${Math.floor(at / 1000).toString(36)}${(world.ids++).toString(36).padStart(4, '0')}`,
      nonce: () => `n${world.ids++}`,
    };
    return this.made.ids;
  }
  get journal() {
    this.made.journal ??= { transition: (event) => this.world.onTransition(event) };
    return this.made.journal;
  }

  /** Every method of a port becomes a call over the wire. */
  private remote<T extends object>(port: T): T {
    const { worker, world } = this;
    const wired: Record<string, unknown> = {};
    for (const name in port) {
      const method = port[name] as (...args: unknown[]) => unknown;
      wired[name] = (...args: unknown[]) => world.clockwork.call(worker, () => method(...args));
    }
    return wired as T;
  }

  private verdictsPort(verdicts: record.Verdicts): record.Verdicts {
    return {
      get: verdicts.get,
      put: async (verdict, etag) => {
        const answer = await verdicts.put(verdict, etag);
        if (answer !== undefined && verdict.taskRun !== undefined) this.world.validations.recorded.add(verdict.taskRun);
        return answer;
      },
    };
  }

  private unreachable(): boolean {
    return this.world.random.chance(this.world.temper.unreachable);
  }

  private upstreamPort(): ports.UpstreamReader {
    return {
      read: async (_upstream, tag) => {
        if (this.unreachable()) return { kind: 'unknown', why: 'upstream does not answer' };
        const move = this.world.upstream.now(tag);
        return move && move.by !== 'person' ? { kind: 'found', digest: move.digest } : { kind: 'absent' };
      },
      tags: async () => {
        if (this.unreachable()) return { kind: 'unknown', why: 'upstream does not answer' };
        return { kind: 'found', tags: [...this.world.upstream.tags.keys()].map(parseTag) };
      },
    };
  }

  private lag(): number {
    return this.world.random.chance(this.world.temper.replicaLag * 0.3)
      ? this.world.random.between(0, 149 * second)
      : 0;
  }

  private bufferPort(): ports.BufferReader {
    const { worker } = this;
    const { clockwork } = this.world;
    return {
      readTag: (repository, tag) => {
        if (repository === 'base-images/node' && worker.name === 'advance') this.world.onTargetRead(tag);
        return clockwork.call(worker, () => {
          if (this.unreachable()) return { kind: 'unknown', why: 'the registry does not answer' };
          return this.world.repository(repository).read(tag, this.world.registryNow(), this.lag());
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
    const repository = this.world.repository(name);
    const lag = this.lag();
    return [...repository.tags.keys()]
      .map((tag) => ({ tag: parseTag(tag), reading: repository.read(tag, this.world.registryNow(), lag) }))
      .flatMap(({ tag, reading }) =>
        reading.kind === 'found' ? [{ tag, digest: reading.digest, at: reading.at ?? 0 }] : [],
      )
      .sort((a, b) => b.at - a.at);
  }

  private moverPort(): ports.TagMover {
    const { worker } = this;
    const { clockwork } = this.world;
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
    if (this.world.random.chance(this.world.temper.refusedPuts))
      return { kind: 'refused', next: 'retry', why: 'throttled' };
    if (!this.world.repository(repository).manifests.has(digest)) {
      return { kind: 'refused', next: 'stall', why: 'the manifest is unknown' };
    }
    if (repository === 'base-images/node') this.world.onTargetPut({ tag, digest, worker });
    this.world.push(repository, tag, digest, 'us');
    return { kind: 'put', at: Math.floor(this.world.registryNow() / 1000) * 1000 };
  }

  private importerPort(): ports.Importer {
    const { clockwork, random: draw } = this.world;
    return {
      start: async (request) => {
        if (draw.chance(this.world.temper.goneImports))
          return { kind: 'gone', why: 'the digest is not there any more' };
        if (draw.chance(this.world.temper.deniedStarts))
          return { kind: 'failed', next: 'stall', why: 'a role is missing' };
        const one: SimImport = { state: { kind: 'running' } };
        this.world.imports.push(one);
        const hangs = draw.chance(this.world.temper.hungImports);
        const fails = draw.chance(this.world.temper.failedImports);
        const lands = () => {
          const repository = this.world.repository(request.repository);
          if (repository.now(request.tag)) return { kind: 'exists' } as const;
          repository.move(request.tag, { digest: request.digest, at: this.world.registryNow(), by: 'import' });
          return { kind: 'succeeded' } as const;
        };
        clockwork.after(draw.between(second, 40 * second), () => {
          if (hangs) return;
          one.state = fails ? { kind: 'failed', next: 'retry', why: 'upstream limits' } : lands();
        });
        // What hung or failed may land all the same, late.
        if ((hangs || fails) && draw.chance(0.4))
          clockwork.after(draw.between(minute, 30 * minute), () => void lands());
        return { kind: 'started', handle: String(this.world.imports.length - 1) };
      },
      poll: async (handle) =>
        this.world.imports[Number(handle)]?.state ?? { kind: 'failed', next: 'retry', why: 'unknown operation' },
    };
  }

  private validationPort(): ports.ValidationRunner {
    const { worker } = this;
    const { clockwork, validations } = this.world;
    return {
      describe: (entry) => JSON.stringify(entry),
      schedule: (job) =>
        clockwork.call(worker, () => {
          if (this.world.random.chance(this.world.temper.refusedStarts))
            return { kind: 'failed', next: 'retry', why: 'throttled' };
          if (this.world.random.chance(this.world.temper.deniedStarts))
            return { kind: 'failed', next: 'stall', why: 'a role is missing' };
          return { kind: 'scheduled', taskRun: validations.schedule(job.digest, job.token) };
        }),
      findByToken: (token) =>
        clockwork.call(worker, () => {
          if (!this.world.temper.tokensTold) return undefined;
          return [...validations.runs.values()].find((run) => run.token === token)?.id;
        }),
      get: (id) =>
        clockwork.call(worker, () => {
          const run = validations.runs.get(id);
          return run && infoOf(run, this.world.temper.tokensTold);
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
    const { dependents } = this.world;
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
        if (this.world.random.chance(this.world.temper.refusedStarts))
          return { kind: 'failed', next: 'retry', why: 'throttled' };
        if (this.world.random.chance(this.world.temper.deniedStarts))
          return { kind: 'failed', next: 'stall', why: 'a role is missing' };
        const kick = `${name} ${token}`;
        dependents.kicks.set(kick, (dependents.kicks.get(kick) ?? 0) + 1);
        return { kind: 'scheduled', taskRun: dependents.start(task, token, []) };
      },
    };
  }
}
