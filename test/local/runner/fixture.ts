import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalRegistry, LogSink, RunnerJob, RunnerRegistry, TaskRunner } from '../../../local/contracts.ts';
import { type LocalAzure, startLocalAzure } from '../../../local/index.ts';
import { type BaseImageOptions, BaseImages, type MadeImage } from '../../../local/runner/base-image.ts';
import { startRunner } from '../../../local/runner/index.ts';

/** A log that a test can read while the run goes on. */
export class MemoryLog implements LogSink {
  text = '';
  ended = false;
  readonly #waiting: (() => void)[] = [];

  write(text: string): void {
    this.text += text;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async end(): Promise<void> {
    this.ended = true;
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Without the times. */
  get lines(): string[] {
    return this.text.split(/\r?\n/).map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, ''));
  }
}

export interface RunnerFixture {
  readonly azure: LocalAzure;
  readonly registry: LocalRegistry;
  readonly runner: TaskRunner;
  readonly stateDir: string;
  make(options: Omit<BaseImageOptions, 'login'>): Promise<MadeImage>;
  job(step: RunnerJob['step'], more?: Partial<RunnerJob>): RunnerJob & { readonly log: MemoryLog };
  yaml(content: string, more?: Partial<RunnerJob>, values?: Record<string, string>): Promise<YamlEnd>;
  close(): Promise<void>;
}

export type YamlEnd = Awaited<ReturnType<TaskRunner['execute']>> & { readonly log: MemoryLog };

/** A runner with a real registry and, in it, `base/busybox:1` and the docker CLI as `tools/docker:1`. */
export async function startRunnerFixture(): Promise<RunnerFixture> {
  const azure = await startLocalAzure({ registries: ['contosodev'], without: ['storage'] });
  const registry = azure.registry('contosodev');
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-runner-'));
  const runner = await startRunner({ stateDir: join(stateDir, 'runner') });
  const { caFile } = azure.certificate;
  const bases = new BaseImages(join(stateDir, 'bases'), caFile);
  const login: RunnerRegistry = { name: registry.name, loginServer: registry.loginServer, ...registry.admin };
  const make = (options: Omit<BaseImageOptions, 'login'>) => bases.make({ ...options, login: registry.admin });
  await make({ kind: 'busybox', reference: `${registry.loginServer}/base/busybox:1` });
  await make({ kind: 'docker-cli', reference: `${registry.loginServer}/tools/docker:1` });

  let runs = 0;
  const job: RunnerFixture['job'] = (step, more = {}) => {
    runs += 1;
    return {
      runId: `ca${runs}`,
      registry: login,
      logins: [login],
      caFile,
      step,
      timeoutSeconds: 60,
      platform: { os: 'Linux', architecture: 'amd64' },
      signal: new AbortController().signal,
      now: () => new Date(),
      ...more,
      log: new MemoryLog(),
    };
  };
  return {
    azure,
    registry,
    runner,
    stateDir,
    make,
    job,
    async yaml(content, more, values = {}) {
      const entries = Object.entries(values).map(([name, value]) => ({ name, value }));
      const made = job({ kind: 'yaml', content, values: entries }, more);
      const result = await runner.execute(made);
      return { ...result, log: made.log };
    },
    async close() {
      await runner.close();
      await azure.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
