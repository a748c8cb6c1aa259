import type { TaskRecord } from '../tasks/store.ts';
import type { RunWork } from './work.ts';

/** What every run of a task takes from it, whoever starts it. */
export function taskRunBase(task: TaskRecord, requestedBy: string) {
  const { platform, agentConfiguration, credentials } = task.content.properties;
  return {
    registry: task.registry,
    task: task.name,
    ...shownSettings(platform, agentConfiguration, Object.keys(credentials?.customRegistries ?? {})),
    isArchiveEnabled: false,
    requestedBy,
  };
}

export function taskWork(task: TaskRecord): RunWork {
  const { step, timeout, credentials } = task.content.properties;
  return { step, timeoutSeconds: timeout, task, ...(credentials ? { credentials } : {}) };
}

/** A run's settings as it shows them. */
export function shownSettings(
  platform: { os: string; architecture?: string | undefined; variant?: string | undefined },
  agent: { cpu?: number | undefined },
  customRegistries: readonly string[],
) {
  const { os, architecture, variant } = platform;
  return {
    platform: {
      os,
      ...(architecture === undefined ? {} : { architecture }),
      ...(variant === undefined ? {} : { variant }),
    },
    agentConfiguration: agent.cpu === undefined ? {} : { cpu: agent.cpu },
    ...(customRegistries.length > 0 ? { customRegistries } : {}),
  };
}
