/** Task runs of the simulated world: validations, and dependents' builds with ACR's own base-image triggers. */
import type { Digest } from '../../src/lib/image/digest.ts';
import type { DependentTask, TaskRunInfo, TaskRunStatus } from '../../src/lib/pipeline/ports.ts';
import type { Clockwork } from './clockwork.ts';
import { minute, second } from './clockwork.ts';
import { digestOf, isGood, numberOf } from './places.ts';
import type { Random } from './random.ts';
import type { Temper } from './scenario.ts';

interface SimRun {
  readonly id: string;
  readonly token: string;
  readonly createdAt: number;
  readonly triggeredBy: readonly Digest[];
  status: TaskRunStatus;
  finishedAt?: number;
  output?: { registry: string; repository: string; tag: string; digest: string };
  /** The Sluice run that asked for it. */
  readonly askedBy?: string;
}

export interface ImageTag {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

export interface SimTask {
  readonly name: string;
  readonly triggerEnabled: boolean;
  readonly bases: readonly ImageTag[];
  readonly output: { readonly repository: string; readonly tag: string };
  /** The digest of each base in its newest successful run, by reference. */
  readonly builtOn: Map<string, Digest>;
  readonly runs: SimRun[];
  /** It has run once, so that its registry knows what it is built on. */
  armed: boolean;
  readonly enabled: boolean;
}

export function referenceOf({ registry, repository, tag }: ImageTag): string {
  return `${registry}/${repository}:${tag}`;
}

export class Validations {
  readonly runs = new Map<string, SimRun & { digest: Digest; log: string }>();
  /** Task runs whose handle stands, or stood, in a verdict row: those that count. */
  readonly recorded = new Set<string>();
  readonly passed = new Set<Digest>();
  private readonly clockwork: Clockwork;
  private readonly random: Random;
  private readonly temper: () => Temper;

  constructor(clockwork: Clockwork, random: Random, temper: () => Temper) {
    this.clockwork = clockwork;
    this.random = random;
    this.temper = temper;
  }

  schedule(digest: Digest, token: string): string {
    const { clockwork, random } = this;
    const id = `v${this.runs.size + 1}`;
    const run = {
      id,
      token,
      digest,
      createdAt: clockwork.now + this.temper().registryClock,
      triggeredBy: [],
      status: 'queued' as TaskRunStatus,
      log: '',
    };
    this.runs.set(id, run);
    clockwork.after(random.between(second, 20 * second), () => {
      if (run.status === 'queued') run.status = 'running';
    });
    clockwork.after(random.between(25 * second, 3 * minute), () => this.end(run));
    return id;
  }

  private end(run: SimRun & { digest: Digest; log: string }): void {
    if (run.status === 'canceled') return;
    if (this.random.chance(this.temper().failedValidations)) {
      run.status = this.random.pick(['error', 'timeout', 'canceled', 'failed'] as const);
      run.log = run.status === 'failed' ? 'failed to run step ID: sluice: exit status 125' : '';
      return;
    }
    const good = isGood(run.digest);
    run.status = good ? 'succeeded' : 'failed';
    run.log = good ? '' : 'failed to run step ID: sluice: exit status 1';
    if (good) this.passed.add(run.digest);
  }
}

export class Dependents {
  readonly tasks: SimTask[];
  /** Kicks by us, for each Sluice run and task. */
  readonly kicks = new Map<string, number>();
  private count = 0;
  private readonly clockwork: Clockwork;
  private readonly random: Random;
  private readonly temper: () => Temper;
  private readonly resolve: (base: ImageTag) => Digest | undefined;

  constructor(
    clockwork: Clockwork,
    random: Random,
    temper: () => Temper,
    tags: readonly string[],
    resolve: (base: ImageTag) => Digest | undefined,
  ) {
    this.clockwork = clockwork;
    this.random = random;
    this.temper = temper;
    this.resolve = resolve;
    this.tasks = tags.flatMap((tag) => {
      const target = { registry: 'buffer.local', repository: 'base-images/node', tag };
      const auto = { registry: 'dev.local', repository: 'auto', tag };
      return [
        this.task('auto', tag, true, [target]),
        this.task('manual', tag, false, [target]),
        this.task('second', tag, true, [auto]),
        this.task('both', tag, false, [target, auto]),
        this.task('off', tag, false, [target]),
        ...(tag === '1' ? [this.task('named', tag, false, [target])] : []),
      ];
    });
  }

  private task(name: string, tag: string, triggerEnabled: boolean, bases: readonly ImageTag[]): SimTask {
    const builtOn = new Map<string, Digest>();
    for (const base of bases) {
      const digest = this.resolve(base);
      if (digest !== undefined) builtOn.set(referenceOf(base), digest);
    }
    return {
      name: `${name}${tag}`,
      triggerEnabled,
      bases,
      output: { repository: name, tag },
      builtOn,
      runs: [],
      armed: name !== 'named',
      enabled: name !== 'off',
    };
  }

  start(task: SimTask, token: string, triggeredBy: readonly Digest[]): string {
    const { clockwork, random } = this;
    const run: SimRun = {
      id: `d${++this.count}`,
      token,
      createdAt: clockwork.now + this.temper().registryClock,
      triggeredBy,
      status: 'queued',
    };
    task.runs.unshift(run);
    clockwork.after(random.between(second, 30 * second), () => {
      run.status = 'running';
      const found = task.bases.map((base) => [referenceOf(base), this.resolve(base)] as const);
      clockwork.after(random.between(5 * second, 2 * minute), () => this.end(task, run, found));
    });
    return run.id;
  }

  private end(task: SimTask, run: SimRun, found: readonly (readonly [string, Digest | undefined])[]): void {
    run.finishedAt = this.clockwork.now + this.temper().registryClock;
    const first = found[0]?.[1];
    if (first === undefined || this.random.chance(this.temper().failedValidations / 3)) {
      run.status = 'failed';
      return;
    }
    run.status = 'succeeded';
    task.armed = true;
    for (const [reference, digest] of found) if (digest !== undefined) task.builtOn.set(reference, digest);
    const digest = digestOf(1_000_000 + numberOf(first));
    run.output = { registry: 'dev.local', ...task.output, digest };
    this.moved({ registry: 'dev.local', ...task.output }, digest);
  }

  /** ACR's own trigger, when a base tag's digest changes. */
  moved(base: ImageTag, digest: Digest): void {
    if (!this.temper().triggersFire) return;
    const reference = referenceOf(base);
    for (const task of this.tasks) {
      const uses = task.bases.some((one) => referenceOf(one) === reference);
      if (!uses || !task.triggerEnabled || task.builtOn.get(reference) === digest) continue;
      this.clockwork.after(this.random.between(second, 20 * second), () => this.start(task, '', [digest]));
    }
  }

  info(task: SimTask): DependentTask {
    const dependencies = (task.armed ? task.bases : []).map((base) => {
      const digest = task.builtOn.get(referenceOf(base));
      return { ...base, type: 'Runtime' as const, ...(digest !== undefined && { digest }) };
    });
    const outputs = [{ registry: 'dev.local', ...task.output }];
    const { name, triggerEnabled } = task;
    return {
      registry: 'dev',
      task: name,
      enabled: task.enabled,
      triggerEnabled,
      armed: task.armed,
      dependencies,
      outputs,
    };
  }

  /** The list lags behind; what it shows is what is so now. */
  list(task: SimTask, since: number): TaskRunInfo[] {
    const { listingLag, registryClock, tokensTold } = this.temper();
    const lag = this.random.chance(listingLag) ? this.random.between(0, 29 * second) : 0;
    const shown = task.runs.filter((run) => run.createdAt - registryClock <= this.clockwork.now - lag);
    const newest = shown.find(({ status }) => status === 'succeeded');
    return shown.filter((run) => run.createdAt >= since || run === newest).map((run) => infoOf(run, tokensTold));
  }
}

export function infoOf(run: SimRun, tokensTold: boolean): TaskRunInfo {
  return {
    id: run.id,
    status: run.status,
    createdAt: run.createdAt,
    pullRequest: false,
    triggeredBy: run.triggeredBy,
    outputs: run.output ? [run.output] : [],
    ...(run.finishedAt !== undefined && { finishedAt: run.finishedAt }),
    ...(tokensTold && run.token !== '' && { token: run.token }),
  };
}
