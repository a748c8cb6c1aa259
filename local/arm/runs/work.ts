import type { NamedValue, TaskCredentials, TaskStep } from '../tasks/schema.ts';
import type { TaskRecord } from '../tasks/store.ts';
import type { RunType } from './store.ts';

/** What a run does, whoever asked for it: a request's own step, or a task's with its overrides. */
export interface RunWork {
  readonly step: TaskStep;
  readonly timeoutSeconds: number;
  readonly credentials?: TaskCredentials;
  /** The task as it was when the run was asked for. */
  readonly task?: TaskRecord;
}

/** What a TaskRunRequest may change in the task's step. */
export interface StepOverrides {
  readonly contextPath?: string | undefined;
  readonly file?: string | undefined;
  readonly arguments?: readonly NamedValue[] | undefined;
  readonly target?: string | undefined;
  readonly values?: readonly NamedValue[] | undefined;
}

export function overrideStep(step: TaskStep, overrides: StepOverrides): TaskStep {
  const { contextPath, file, target } = overrides;
  const context = contextPath === undefined ? {} : { contextPath };
  switch (step.type) {
    case 'Docker':
      return {
        ...step,
        ...context,
        ...(file === undefined ? {} : { dockerFilePath: file }),
        ...(target === undefined ? {} : { target }),
        arguments: overrideValues(step.arguments, overrides.arguments),
      };
    case 'FileTask':
      return {
        ...step,
        ...context,
        ...(file === undefined ? {} : { taskFilePath: file }),
        values: overrideValues(step.values, overrides.values),
      };
    case 'EncodedTask':
      return { ...step, ...context, values: overrideValues(step.values, overrides.values) };
  }
}

/** Started by a change of a base image. */
export function automaticRunType(step: TaskStep): RunType {
  return step.type === 'Docker' ? 'AutoBuild' : 'AutoRun';
}

function overrideValues(
  own: readonly NamedValue[] | undefined,
  given: readonly NamedValue[] | undefined,
): NamedValue[] {
  const names = new Set((given ?? []).map(({ name }) => name));
  return [...(own ?? []).filter(({ name }) => !names.has(name)), ...(given ?? [])];
}
