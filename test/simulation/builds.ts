/** Dependents of the simulated world: their builds, and ACR's own base-image triggers. */
import type { Digest } from '../../src/lib/image/digest.ts';
import type { DependentTask, TaskRunInfo } from '../../src/lib/pipeline/ports.ts';
import type { Clockwork } from './clockwork.ts';
import { minute, second } from './clockwork.ts';
import { digestOf, numberOf } from './places.ts';
import type { Random } from './random.ts';
import type { SimRun } from './task-run.ts';
import { infoOf } from './task-run.ts';
import type { Temper } from './temper.ts';

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

export interface DependentsWorld {
  readonly clockwork: Clockwork;
  readonly random: Random;
  readonly temper: () => Temper;
  readonly resolve: (base: ImageTag) => Digest | undefined;
}

export class Dependents {
  readonly tasks: SimTask[];
  /** Kicks by us, for each Sluice run and task. */
  readonly kicks = new Map<string, number>();
  private count = 0;
  private readonly world: DependentsWorld;

  constructor(world: DependentsWorld, tags: readonly string[]) {
    this.world = world;
    const { tasks } = world.temper();
    this.tasks = tasks === 'none' ? [] : tags.flatMap((tag) => this.tasksOf(tag, tasks === 'circle'));
  }

  private tasksOf(tag: string, circle: boolean): SimTask[] {
    const target = { registry: 'buffer.local', repository: 'base-images/node', tag };
    const out = (repository: string) => ({ registry: 'dev.local', repository, tag });
    return [
      this.task('auto', tag, true, [target]),
      this.task('manual', tag, false, [target]),
      this.task('second', tag, true, [out('auto')]),
      this.task('both', tag, false, [target, out('auto')]),
      this.task('off', tag, false, [target]),
      ...(tag === '1' ? [this.task('named', tag, false, [target])] : []),
      ...(circle
        ? [this.task('left', tag, false, [target, out('right')]), this.task('right', tag, false, [out('left')])]
        : []),
    ];
  }

  private task(name: string, tag: string, triggerEnabled: boolean, bases: readonly ImageTag[]): SimTask {
    const builtOn = new Map<string, Digest>();
    for (const base of bases) {
      const digest = this.world.resolve(base);
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

  /** Somebody deletes one of the tag's tasks. */
  remove(tag: string): void {
    const found = this.tasks.filter(({ output }) => output.tag === tag);
    const gone = found.length > 0 ? this.world.random.pick(found) : undefined;
    if (gone) this.tasks.splice(this.tasks.indexOf(gone), 1);
  }

  start(task: SimTask, token: string, triggeredBy: readonly Digest[]): string {
    const { clockwork, random, temper, resolve } = this.world;
    const run: SimRun = {
      id: `d${++this.count}`,
      token,
      createdAt: clockwork.now + temper().registryClock,
      triggeredBy,
      hangs: random.chance(temper().hungRuns),
      status: 'queued',
    };
    task.runs.unshift(run);
    clockwork.after(random.between(second, 30 * second), () => {
      run.status = 'running';
      if (run.hangs) return;
      const found = task.bases.map((base) => [referenceOf(base), resolve(base)] as const);
      clockwork.after(random.between(5 * second, 2 * minute), () => this.end(task, run, found));
    });
    return run.id;
  }

  private end(task: SimTask, run: SimRun, found: readonly (readonly [string, Digest | undefined])[]): void {
    const { clockwork, random, temper } = this.world;
    // Where its registry does not tell, it is as if it had not ended long ago.
    if (random.chance(0.95)) run.finishedAt = clockwork.now + temper().registryClock;
    const first = found[0]?.[1];
    if (first === undefined || random.chance(temper().failedRuns / 3)) {
      run.status = 'failed';
      if (random.chance(0.5)) run.error = 'exit status 1';
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
    const { clockwork, random, temper } = this.world;
    if (!temper().triggersFire) return;
    const reference = referenceOf(base);
    for (const task of this.tasks) {
      const uses = task.bases.some((one) => referenceOf(one) === reference);
      if (!uses || !task.triggerEnabled || task.builtOn.get(reference) === digest) continue;
      clockwork.after(random.between(second, 20 * second), () => this.start(task, '', [digest]));
    }
  }

  info(task: SimTask): DependentTask {
    const dependencies = (task.armed ? task.bases : []).map((base) => {
      const digest = task.builtOn.get(referenceOf(base));
      return { ...base, type: 'Runtime' as const, ...(digest !== undefined && { digest }) };
    });
    const outputs = [{ registry: 'dev.local', ...task.output }];
    const { name, triggerEnabled, enabled, armed } = task;
    return { registry: 'dev', task: name, enabled, triggerEnabled, armed, dependencies, outputs };
  }

  /** The list lags behind; what it shows is what is so now. */
  list(task: SimTask, since: number): TaskRunInfo[] {
    const { clockwork, random, temper } = this.world;
    const { listingLag, registryClock, tokensTold } = temper();
    const lag = random.chance(listingLag) ? random.between(0, 29 * second) : 0;
    const shown = task.runs.filter((run) => run.createdAt - registryClock <= clockwork.now - lag);
    const newest = shown.find(({ status }) => status === 'succeeded');
    return shown.filter((run) => run.createdAt >= since || run === newest).map((run) => infoOf(run, tokensTold));
  }
}
