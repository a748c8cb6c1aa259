import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunnerJob, RunnerResult, TaskRunner } from '../contracts.ts';
import { removeCgroup, runnerCgroup } from './cgroups.ts';
import { type PullCache, RunImages } from './images/run-images.ts';
import { ImageStore } from './images/store.ts';
import { RunLog } from './log.ts';
import { executeRun } from './run.ts';
import { type Run, Volumes } from './run-context.ts';

export interface RunnerOptions {
  /** A folder that only this runner uses: image layers, and the runs while they last. */
  readonly stateDir: string;
  /** Names for containers and volumes; by default random. */
  readonly newId?: () => string;
}

/**
 * Starts what executes task runs: real builds by buildah, real containers by runc. What an earlier runner on the same
 * folder left behind when it was killed is removed first.
 */
export async function startRunner(options: RunnerOptions): Promise<TaskRunner> {
  const stateDir = resolve(options.stateDir);
  const newId = options.newId ?? (() => randomUUID().replaceAll('-', ''));
  if (process.getuid?.() !== 0)
    throw new Error('The local task runner needs root: it makes namespaces and control groups.');
  // Overlay mounts take the paths in one string, where these characters would end one.
  if (/[:,\\\s"]/.test(stateDir)) {
    throw new Error(
      `The local task runner cannot keep its state in ${stateDir}: choose a path without ":", "," and spaces.`,
    );
  }
  const cgroup = runnerCgroup(stateDir);
  const runsDir = join(stateDir, 'runs');
  await removeCgroup(cgroup);
  await rm(runsDir, { recursive: true, force: true });
  await mkdir(runsDir, { recursive: true });
  const store = new ImageStore(stateDir);
  await store.recover();

  const pulls: PullCache = new Map();
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  const execute = async (given: RunnerJob): Promise<RunnerResult> => {
    const job = { ...given, signal: AbortSignal.any([given.signal, closing.signal]) };
    const run = await prepareRun(job);
    try {
      return await executeRun(run);
    } finally {
      await removeCgroup(run.cgroup);
      await rm(run.directory, { recursive: true, force: true });
      await run.log.end();
    }
  };

  const prepareRun = async (job: RunnerJob): Promise<Run> => {
    const directory = join(runsDir, newId());
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const volumes = new Volumes(directory, `acb_vol_${randomUUID()}`);
    await volumes.prepare();
    const { caFile, platform } = job;
    return {
      job,
      directory,
      volumes,
      store,
      log: new RunLog(job.log, job.now, secretsOf(job)),
      images: new RunImages({ store, directory, caFile, platform: normalizePlatform(platform), pulls }),
      cgroup: `${cgroup}/${newId()}`,
      newId,
      builds: [],
      pushed: [],
    };
  };

  return {
    execute(job) {
      const result = execute(job);
      running.add(result);
      const forget = () => running.delete(result);
      result.then(forget, forget);
      return result;
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running);
      await removeCgroup(cgroup);
    },
  };
}

/** What the log must not show. */
function secretsOf(job: RunnerJob): string[] {
  const given = job.step.kind === 'yaml' ? job.step.values : job.step.arguments;
  return [
    ...job.logins.map((login) => login.password),
    ...given.filter((entry) => entry.isSecret).map((entry) => entry.value),
  ];
}

/** ARM says `Linux`, `amd64`; images say `linux`, `amd64`. */
function normalizePlatform(platform: RunnerJob['platform']) {
  return { os: platform.os.toLowerCase(), architecture: platform.architecture.toLowerCase() };
}
