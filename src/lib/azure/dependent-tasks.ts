import type { DockerBuildStep, Task } from '@azure/arm-containerregistry';
import type { Registry } from '../catalog/model.ts';
import { canonicalRegistry, looksLikeRegistryHost } from '../image/reference.ts';
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
          // A base that is named without a tag is latest.
          tag: tag || 'latest',
          ...(digest && { digest }),
          type: type === 'BuildTime' ? ('BuildTime' as const) : ('Runtime' as const),
        },
      ];
    }),
    outputs: outputsOf(registry, task),
  };
}

/** What a Docker step says that it pushes. Names that only the run knows (`{{.Run.ID}}`) are seen when it has run. */
function outputsOf(registry: Registry, { step }: Task): DependentTask['outputs'] {
  const names = step?.type === 'Docker' ? ((step as DockerBuildStep).imageNames ?? []) : [];
  return names.map((name) => name.replace(ownRegistry, '')).flatMap((name) => outputOf(registry, name));
}

/** A task's own registry may be left out, or be named by a template. */
const ownRegistry = /^\{\{\s*\.Run\.Registry\s*\}\}\//;

function outputOf({ loginServer }: Registry, name: string): DependentTask['outputs'] {
  if (name.includes('{{')) return [];
  const slash = name.indexOf('/');
  const host = looksLikeRegistryHost(name.slice(0, Math.max(slash, 0))) ? name.slice(0, slash) : undefined;
  const path = host === undefined ? name : name.slice(slash + 1);
  const [repository = path, tag = 'latest'] = path.split(':');
  return [{ registry: canonicalRegistry(host ?? loginServer), repository, tag }];
}
