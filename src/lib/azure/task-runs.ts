import type { Run, TaskRunRequest } from '@azure/arm-containerregistry';
import type { Registry } from '../catalog/model.ts';
import { maskSecrets } from '../http/mask.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { nextForStatus } from '../pipeline/errors.ts';
import type { TaskRunInfo, TaskRunStatus } from '../pipeline/ports.ts';
import type { ArmClients } from './arm.ts';
import { within } from './deadlines.ts';
import { adviceFor, failureOf, portError } from './errors.ts';

/** `Started` is the agent's; `provisioningState` says Succeeded of failed runs too, and is never read. */
const statuses: Readonly<Record<string, TaskRunStatus>> = {
  Queued: 'queued',
  Started: 'running',
  Running: 'running',
  Succeeded: 'succeeded',
  Failed: 'failed',
  Canceled: 'canceled',
  Error: 'error',
  Timeout: 'timeout',
};

export function taskRunInfo(run: Run): TaskRunInfo {
  const { startTime, finishTime, runErrorMessage, updateTriggerToken, sourceTrigger } = run;
  return {
    id: run.runId ?? run.name ?? '',
    // A status that is not known yet has not ended; its deadline will end the wait.
    status: statuses[run.status ?? ''] ?? 'running',
    createdAt: (run.createTime ?? startTime ?? run.lastUpdatedTime)?.getTime() ?? 0,
    ...(startTime && { startedAt: startTime.getTime() }),
    ...(finishTime && { finishedAt: finishTime.getTime() }),
    ...(runErrorMessage && { error: maskSecrets(runErrorMessage) }),
    ...(updateTriggerToken && { token: updateTriggerToken }),
    pullRequest: Boolean(sourceTrigger?.pullRequestId) || /pull_?request/i.test(sourceTrigger?.eventType ?? ''),
    triggeredBy: (run.imageUpdateTrigger?.images ?? []).map(({ digest }) => digest ?? '').filter(isDigest) as Digest[],
    outputs: outputsOf(run),
  };
}

function outputsOf({ outputImages }: Run): TaskRunInfo['outputs'] {
  return (outputImages ?? []).flatMap(({ registry, repository, tag, digest }) =>
    registry && repository && tag && digest ? [{ registry, repository, tag, digest }] : [],
  );
}

type RunRequest =
  | Parameters<Awaited<ReturnType<ArmClients['of']>>['registries']['beginScheduleRun']>[2]
  | TaskRunRequest;

export type Scheduled =
  | { readonly kind: 'scheduled'; readonly taskRun: string }
  | { readonly kind: 'failed'; readonly next: 'retry' | 'stall'; readonly why: string };

/** One POST. *Failed* means that certainly no run was started; where that is unclear, it throws. */
export async function scheduleRun(arm: ArmClients, registry: Registry, request: RunRequest): Promise<Scheduled> {
  const client = await arm.of(registry.subscription);
  const options = { abortSignal: within('write') };
  try {
    const poller = await client.registries.beginScheduleRun(registry.resourceGroup, registry.name, request, options);
    const taskRun = poller.getResult()?.runId;
    if (taskRun) return { kind: 'scheduled', taskRun };
    throw new Error('the answer names no run');
  } catch (error) {
    const failure = failureOf(error);
    const refused = failure.without || (failure.status !== undefined && failure.status < 500 && failure.status !== 408);
    if (!refused) throw portError(error, 'schedule a run of', registry.name);
    const advice = adviceFor(failure.status, failure.message, 'scheduleRun', registry.resourceId);
    const next = nextForStatus(failure.status) === 'retry' ? 'retry' : 'stall';
    return { kind: 'failed', next, why: advice ? `${failure.message}; ${advice}` : failure.message };
  }
}

export async function getRun(arm: ArmClients, registry: Registry, taskRun: string): Promise<TaskRunInfo | undefined> {
  const client = await arm.of(registry.subscription);
  try {
    const options = { abortSignal: within('read') };
    return taskRunInfo(await client.runs.get(registry.resourceGroup, registry.name, taskRun, options));
  } catch (error) {
    if (failureOf(error).status === 404) return undefined;
    throw portError(error, 'read run', `${registry.name}/${taskRun}`);
  }
}

/** Runs that fit the filter, newest first; `top`: that many of the newest at most, in one request. */
export async function listRuns(
  arm: ArmClients,
  registry: Registry,
  query: { readonly filter: string; readonly top?: number },
): Promise<readonly TaskRunInfo[]> {
  const client = await arm.of(registry.subscription);
  const found: Run[] = [];
  try {
    const options = { ...query, abortSignal: within('list') };
    for await (const page of client.runs.list(registry.resourceGroup, registry.name, options).byPage()) {
      found.push(...page);
      if (query.top !== undefined) break;
    }
  } catch (error) {
    throw portError(error, 'list runs of', registry.name);
  }
  return found.map(taskRunInfo).sort((a, b) => b.createdAt - a.createdAt);
}
