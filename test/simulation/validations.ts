/** Validation runs of the simulated world, and the truth about digests. */
import type { Digest } from '../../src/lib/image/digest.ts';
import type { TaskRunStatus } from '../../src/lib/pipeline/ports.ts';
import type { Clockwork } from './clockwork.ts';
import { hour, minute, second } from './clockwork.ts';
import { isGood } from './places.ts';
import type { Random } from './random.ts';
import type { SimRun } from './task-run.ts';
import type { Temper } from './temper.ts';

export interface SimValidation extends SimRun {
  readonly digest: Digest;
  /** What was asked of it. */
  readonly entry: string;
  log: string;
}

/** What logs of failed runs end with that say nothing of the image. */
const noVerdict = ['failed to run step ID: sluice: exit status 125', 'failed to download the context', ''] as const;

export class Validations {
  readonly runs = new Map<string, SimValidation>();
  /** Task runs whose handle stands, or stood, in a verdict row: those that count. */
  readonly recorded = new Set<string>();
  /** The entries that each digest has passed. */
  readonly passed = new Map<Digest, Set<string>>();
  private count = 0;
  private readonly clockwork: Clockwork;
  private readonly random: Random;
  private readonly temper: () => Temper;

  constructor(clockwork: Clockwork, random: Random, temper: () => Temper) {
    this.clockwork = clockwork;
    this.random = random;
    this.temper = temper;
  }

  schedule(digest: Digest, entry: string, token: string): string {
    const { clockwork, random } = this;
    const id = `v${++this.count}`;
    const run: SimValidation = {
      id,
      token,
      digest,
      entry,
      createdAt: clockwork.now + this.temper().registryClock,
      triggeredBy: [],
      hangs: random.chance(this.temper().hungRuns),
      status: 'queued' as TaskRunStatus,
      log: '',
    };
    this.runs.set(id, run);
    clockwork.after(random.between(second, 20 * second), () => {
      if (run.status === 'queued') run.status = 'running';
    });
    if (!run.hangs) clockwork.after(random.between(25 * second, 3 * minute), () => this.end(run));
    if (random.chance(this.temper().forgottenRuns))
      clockwork.after(random.between(0, hour), () => void this.runs.delete(id));
    return id;
  }

  private end(run: SimValidation): void {
    if (run.status === 'canceled') return;
    if (this.random.chance(this.temper().failedRuns)) {
      run.status = this.random.pick(['error', 'timeout', 'canceled', 'failed'] as const);
      if (this.random.chance(0.5)) run.error = 'no agent was free';
      if (run.status === 'failed') run.log = this.random.pick(noVerdict);
      return;
    }
    const good = isGood(run.digest);
    run.status = good ? 'succeeded' : 'failed';
    run.log = good ? '' : 'failed to run step ID: sluice: exit status 1';
    if (good) this.passed.set(run.digest, (this.passed.get(run.digest) ?? new Set()).add(run.entry));
  }
}
