import type { AzureScope, LocalRegistry } from '../contracts.ts';
import type { Clock } from './clock.ts';
import { resourceNotFound } from './http/errors.ts';
import type { ImportOperations } from './import/operations.ts';
import type { Transport } from './import/transport.ts';
import type { RunLogs } from './runs/logs.ts';
import type { RunQueue } from './runs/queue.ts';
import type { RunStore } from './runs/store.ts';
import type { TaskStore } from './tasks/store.ts';

/** All that the handlers share. */
export interface ArmState {
  readonly scope: AzureScope;
  /** `https://localhost:PORT`. */
  readonly endpoint: string;
  readonly startedAt: Date;
  readonly clock: Clock;
  /** A GUID. */
  readonly newId: () => string;
  /** By lower-case name: resource names are not case-sensitive. */
  readonly registries: ReadonlyMap<string, LocalRegistry>;
  readonly transport: Transport;
  /** `retry-after` on importImage and its polls, where the options ask for one. */
  readonly retryAfter: Readonly<Record<string, string>>;
  readonly imports: ImportOperations;
  readonly tasks: TaskStore;
  readonly runs: RunStore;
  readonly queue: RunQueue;
  readonly logs: RunLogs;
  /** Whether a run shows the request's `updateTriggerToken`: nobody knows what Azure does. */
  readonly echoUpdateTriggerToken: boolean;
}

export function registryOf(state: ArmState, params: Readonly<Record<string, string>>): LocalRegistry {
  const name = params.registryName ?? '';
  const registry = state.registries.get(name.toLowerCase());
  if (!registry) throw resourceNotFound('registries', name, state.scope.resourceGroup);
  return registry;
}

/** The name at the end of a registry's resource id, lower case; undefined for any other id. */
export function registryNameIn(resourceId: string): string | undefined {
  const match =
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/([^/]+)$/i.exec(
      resourceId,
    );
  return match?.[1]?.toLowerCase();
}
