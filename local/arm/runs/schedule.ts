import type { LocalRegistry } from '../../contracts.ts';
import { tasksProviderError } from '../http/errors.ts';
import { parseBody } from '../http/parse.ts';
import type { ArmRequest, Handler } from '../http/types.ts';
import { type ArmState, registryNameIn, registryOf } from '../state.ts';
import { taskNotFound } from '../tasks/lookup.ts';
import { withoutNulls } from '../tasks/merge.ts';
import type { TaskStep } from '../tasks/schema.ts';
import type { TaskRecord } from '../tasks/store.ts';
import { scheduledRunDocument } from './document.ts';
import { type QuickRunRequest, runRequest, type TaskRunRequest } from './requests.ts';
import type { NewRun } from './store.ts';
import { shownSettings, taskRunBase, taskWork } from './taskRun.ts';
import { overrideStep, type RunWork } from './work.ts';

/** 200 at once with a queued run, and no Location: clients would poll it. */
export const scheduleRun: Handler = (state, request) => {
  const registry = registryOf(state, request.params);
  const body = request.body === undefined ? undefined : withoutNulls(request.body);
  const wanted = parseBody(runRequest, body, 'RunRequest');
  const { run, work } =
    wanted.type === 'TaskRunRequest' ? taskRun(state, request, registry, wanted) : quickRun(request, registry, wanted);
  return { status: 200, body: scheduledRunDocument(state, state.queue.enqueue(run, work)) };
};

interface Planned {
  readonly run: NewRun;
  readonly work: RunWork;
}

function taskRun(state: ArmState, request: ArmRequest, registry: LocalRegistry, wanted: TaskRunRequest): Planned {
  const task = taskNamed(state, registry, wanted.taskId);
  const { properties } = task.content;
  if (properties.status === 'Disabled') {
    throw tasksProviderError(
      400,
      'TaskDisabled',
      `The task '${task.name}' is disabled. Enable it before scheduling a run.`,
    );
  }
  const { updateTriggerToken, ...overrides } = wanted.overrideTaskStepProperties;
  const token = state.echoUpdateTriggerToken && updateTriggerToken !== undefined ? { updateTriggerToken } : {};
  const pool = wanted.agentPoolName ?? properties.agentPoolName;
  return {
    run: {
      ...taskRunBase(task, request.principalId),
      runType: 'QuickRun',
      ...(pool === undefined ? {} : { agentPoolName: pool }),
      isArchiveEnabled: wanted.isArchiveEnabled,
      ...token,
    },
    work: { ...taskWork(task), step: overrideStep(properties.step, overrides) },
  };
}

function taskNamed(state: ArmState, registry: LocalRegistry, taskId: string): TaskRecord {
  const match = /^(.*)\/tasks\/([^/]+)$/i.exec(taskId);
  const name = match?.[2] ?? '';
  if (!match || registryNameIn(match[1] ?? '') === undefined) {
    throw tasksProviderError(400, 'InvalidParameter', `The task id '${taskId}' is not the resource id of a task.`);
  }
  const task =
    registryNameIn(match[1] ?? '') === registry.name.toLowerCase() ? state.tasks.get(registry.name, name) : undefined;
  if (!task) throw taskNotFound(name);
  return task;
}

function quickRun(request: ArmRequest, registry: LocalRegistry, wanted: QuickRunRequest): Planned {
  const customRegistries = Object.keys(wanted.credentials?.customRegistries ?? {});
  const about = pinnedImages(wanted);
  return {
    run: {
      registry: registry.name,
      ...(about.length > 0 ? { about } : {}),
      runType: wanted.type === 'DockerBuildRequest' ? 'QuickBuild' : 'QuickRun',
      ...shownSettings(wanted.platform, wanted.agentConfiguration, customRegistries),
      ...(wanted.agentPoolName === undefined ? {} : { agentPoolName: wanted.agentPoolName }),
      isArchiveEnabled: wanted.isArchiveEnabled,
      requestedBy: request.principalId,
    },
    work: {
      step: quickStep(wanted),
      timeoutSeconds: wanted.timeout,
      ...(wanted.credentials ? { credentials: wanted.credentials } : {}),
    },
  };
}

function pinnedImages(wanted: QuickRunRequest): string[] {
  if (wanted.type !== 'EncodedTaskRunRequest') return [];
  const content = Buffer.from(wanted.encodedTaskContent, 'base64').toString();
  return [...new Set(content.match(/[\w.:/-]+@sha256:[a-f0-9]{64}\b/g))];
}

function quickStep(wanted: QuickRunRequest): TaskStep {
  const context = wanted.sourceLocation === undefined ? {} : { contextPath: wanted.sourceLocation };
  switch (wanted.type) {
    case 'DockerBuildRequest': {
      const { imageNames, isPushEnabled, noCache, dockerFilePath, target, arguments: given } = wanted;
      return {
        type: 'Docker',
        imageNames,
        isPushEnabled,
        noCache,
        dockerFilePath,
        target,
        arguments: given,
        ...context,
      };
    }
    case 'FileTaskRunRequest': {
      const { taskFilePath, valuesFilePath, values } = wanted;
      return { type: 'FileTask', taskFilePath, valuesFilePath, values, ...context };
    }
    case 'EncodedTaskRunRequest': {
      const { encodedTaskContent, encodedValuesContent, values } = wanted;
      return { type: 'EncodedTask', encodedTaskContent, encodedValuesContent, values, ...context };
    }
  }
}
