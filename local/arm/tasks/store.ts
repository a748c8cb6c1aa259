import type { BaseImageDependency } from '../../contracts.ts';
import type { TaskContent } from './schema.ts';

export interface TaskRecord {
  /** Name of the registry, as the registry writes it. */
  readonly registry: string;
  /** As it was first put: names are not case-sensitive and keep their casing. */
  readonly name: string;
  readonly content: TaskContent;
  /** What the last successful run was built on; absent before it. */
  readonly baseImageDependencies?: readonly BaseImageDependency[];
  readonly creationDate: Date;
  readonly createdBy: string;
  readonly modifiedBy: string;
  readonly modifiedAt: Date;
  /** The principal of a system-assigned identity. */
  readonly principalId: string;
}

export interface TaskStore {
  get(registry: string, name: string): TaskRecord | undefined;
  put(task: TaskRecord): void;
  /** False where there was none. */
  delete(registry: string, name: string): boolean;
  /** Of one registry, or all; by registry and name. */
  list(registry?: string): TaskRecord[];
}

/** @param changed called after each change */
export function createTaskStore(kept: readonly TaskRecord[], changed: () => void): TaskStore {
  const key = (registry: string, name: string) => `${registry}/${name}`.toLowerCase();
  const tasks = new Map(kept.map((task) => [key(task.registry, task.name), task]));
  return {
    get: (registry, name) => tasks.get(key(registry, name)),
    put(task) {
      tasks.set(key(task.registry, task.name), task);
      changed();
    },
    delete(registry, name) {
      const deleted = tasks.delete(key(registry, name));
      changed();
      return deleted;
    },
    list: (registry) =>
      [...tasks.values()]
        .filter((task) => registry === undefined || task.registry.toLowerCase() === registry.toLowerCase())
        .sort((a, b) => a.registry.localeCompare(b.registry) || a.name.localeCompare(b.name)),
  };
}
