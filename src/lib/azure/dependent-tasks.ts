import type { Task } from '@azure/arm-containerregistry';
import type { Registry } from '../catalog/model.ts';
import { canonicalRegistry } from '../image/reference.ts';
import type { DependentTask, DependentTasks } from '../pipeline/ports.ts';
import type { ArmClients } from './arm.ts';
import { within } from './deadlines.ts';
import { failureOf, portError } from './errors.ts';
import { both, equal, since } from './odata.ts';
import { listRuns, scheduleRun } from './task-runs.ts';

/** The service lists newest first; a few more than one guard against runs of the same second. */
const fewRuns = 5;

/** Tasks of the configured registries, and their runs. */
export function createDependentTasks(arm: ArmClients): DependentTasks {
  return {
    async list(registry) {
      const client = await arm.of(registry.subscription);
      const tasks: DependentTask[] = [];
      try {
        const options = { abortSignal: within('list') };
        for await (const page of client.tasks.list(registry.resourceGroup, registry.name, options).byPage()) {
          // System tasks stand for quick runs and build no image of their own.
          tasks.push(...page.filter(({ isSystemTask }) => !isSystemTask).map((task) => dependentTask(registry, task)));
        }
      } catch (error) {
        throw portError(error, 'list tasks of', registry.name);
      }
      return tasks;
    },

    async get(registry, task) {
      const client = await arm.of(registry.subscription);
      try {
        const options = { abortSignal: within('read') };
        return dependentTask(registry, await client.tasks.get(registry.resourceGroup, registry.name, task, options));
      } catch (error) {
        if (failureOf(error).status === 404) return undefined;
        throw portError(error, 'read task', `${registry.name}/${task}`);
      }
    },

    async runs(registry, task, instant) {
      const ofTask = equal('TaskName', task);
      const recent = await listRuns(arm, registry, { filter: both(ofTask, since('CreateTime', instant)) });
      // Newest first: a successful run among these is the newest of all.
      if (recent.some(({ status }) => status === 'succeeded')) return recent;
      const filter = both(ofTask, equal('Status', 'Succeeded'));
      const [newest] = await listRuns(arm, registry, { filter, top: fewRuns });
      return newest === undefined ? recent : [...recent, newest];
    },

    kick: (registry, task, token) =>
      scheduleRun(arm, registry, {
        type: 'TaskRunRequest',
        taskId: `${registry.resourceId}/tasks/${task}`,
        overrideTaskStepProperties: { updateTriggerToken: token },
      }),
  };
}

function dependentTask(registry: Registry, task: Task): DependentTask {
  const dependencies = task.step?.baseImageDependencies;
  const trigger = task.trigger?.baseImageTrigger;
  return {
    registry: registry.name,
    task: task.name ?? '',
    enabled: task.status !== 'Disabled',
    // A trigger without status is enabled: that is its default.
    triggerEnabled: trigger !== undefined && trigger.status !== 'Disabled',
    armed: dependencies !== undefined && dependencies.length > 0,
    dependencies: (dependencies ?? []).flatMap((dependency) => {
      const { repository, tag, digest, type } = dependency;
      if (!repository) return [];
      return [
        {
          registry: canonicalRegistry(dependency.registry ?? ''),
          repository,
          ...(tag && { tag }),
          ...(digest && { digest }),
          type: type === 'BuildTime' ? ('BuildTime' as const) : ('Runtime' as const),
        },
      ];
    }),
  };
}
