import type { BaseImageDependency } from '../contracts.ts';
import type { RunLogs } from './runs/logs.ts';
import type { RunRecord, RunStore } from './runs/store.ts';
import type { TaskStore } from './tasks/store.ts';

export interface TaskSummary {
  readonly registry: string;
  readonly name: string;
  readonly kind: 'Docker' | 'FileTask' | 'EncodedTask';
  readonly enabled: boolean;
  readonly contextPath?: string;
  /** Undefined: the task has no base-image trigger, or a disabled one. */
  readonly baseImageTrigger?: 'All' | 'Runtime';
  readonly baseImageDependencies: readonly BaseImageDependency[];
}

/** What this process shows of tasks and runs without going through HTTP. */
export interface ArmView {
  tasks(): TaskSummary[];
  /** Newest first. */
  runs(): RunRecord[];
  /** Undefined for an unknown run. */
  readLog(registry: string, runId: string): Promise<string | undefined>;
}

export function createView(tasks: TaskStore, runs: RunStore, logs: RunLogs): ArmView {
  return {
    runs: () => runs.list(),
    async readLog(registry, runId) {
      const run = runs.get(registry, runId);
      return run && logs.read(run);
    },
    tasks: () =>
      tasks.list().map(({ registry, name, content, baseImageDependencies = [] }) => {
        const { status, step, trigger } = content.properties;
        const baseImage = trigger?.baseImageTrigger;
        return {
          registry,
          name,
          kind: step.type,
          enabled: status === 'Enabled',
          ...(step.contextPath === undefined ? {} : { contextPath: step.contextPath }),
          ...(baseImage?.status === 'Enabled' ? { baseImageTrigger: baseImage.baseImageTriggerType } : {}),
          baseImageDependencies,
        };
      }),
  };
}
