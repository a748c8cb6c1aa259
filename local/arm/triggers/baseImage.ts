import type { LocalRegistry, OutputImage, RegistryNotification } from '../../contracts.ts';
import { taskRunBase, taskWork } from '../runs/taskRun.ts';
import { automaticRunType } from '../runs/work.ts';
import type { ArmState } from '../state.ts';
import type { TaskRecord } from '../tasks/store.ts';

export interface TriggerControls {
  /** False: no base image starts a task. Default true. */
  fire: boolean;
  /** How long after the push a task starts, in milliseconds. Default 0. */
  delayMs: number;
}

export interface BaseImageTriggers {
  /** To be called with every notification of every registry. */
  notice(notification: RegistryNotification): void;
  close(): Promise<void>;
}

/**
 * Starts tasks whose base image changed. A tag counts as changed when its digest is another than the last one it was
 * seen with, or, at first sight, than the one the task was built on; so the same digest pushed again, also after a
 * deletion, starts nothing.
 */
export function createBaseImageTriggers(
  state: ArmState,
  controls: TriggerControls,
  importsFire: () => boolean,
): BaseImageTriggers {
  const seen = new Map<string, string>();
  const closing = new AbortController();
  const delayed = new Set<Promise<void>>();

  async function start(image: OutputImage, former: string | undefined): Promise<void> {
    if (controls.delayMs > 0) await state.clock.sleep(controls.delayMs, closing.signal);
    if (closing.signal.aborted) return;
    for (const task of state.tasks.list()) if (isDue(task, image, former)) enqueue(state, task, image);
  }

  return {
    notice(notification) {
      const { tag, digest, repository } = notification.target;
      const registry = state.registries.get(notification.registry.toLowerCase());
      if (notification.action !== 'push' || tag === undefined || digest === undefined || !registry) return;
      const key = `${registry.name}/${repository}:${tag}`;
      const former = seen.get(key);
      seen.set(key, digest);
      if (former === digest || !controls.fire || (notification.byImport && !importsFire())) return;
      const image = { registry: registry.loginServer, repository, tag, digest };
      const work = start(image, former).finally(() => delayed.delete(work));
      delayed.add(work);
    },
    async close() {
      closing.abort();
      await Promise.all(delayed);
    },
  };
}

export function subscribe(registries: Iterable<LocalRegistry>, triggers: BaseImageTriggers): void {
  for (const registry of registries) registry.onNotification((notification) => triggers.notice(notification));
}

function isDue(task: TaskRecord, image: OutputImage, former: string | undefined): boolean {
  const { status, trigger } = task.content.properties;
  const baseImage = trigger?.baseImageTrigger;
  if (status !== 'Enabled' || baseImage?.status !== 'Enabled') return false;
  return (task.baseImageDependencies ?? []).some(
    (dependency) =>
      (baseImage.baseImageTriggerType === 'All' || dependency.type === 'Runtime') &&
      dependency.registry === image.registry &&
      dependency.repository === image.repository &&
      dependency.tag === image.tag &&
      (former !== undefined || dependency.digest !== image.digest),
  );
}

function enqueue(state: ArmState, task: TaskRecord, image: OutputImage): void {
  state.queue.enqueue(
    {
      ...taskRunBase(task, task.principalId),
      runType: automaticRunType(task.content.properties.step),
      imageUpdateTrigger: { id: state.newId(), timestamp: state.clock.now(), images: [image] },
    },
    taskWork(task),
  );
}
