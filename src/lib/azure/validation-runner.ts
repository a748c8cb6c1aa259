import type { EncodedTaskRunRequest, TaskRunRequest } from '@azure/arm-containerregistry';
import type { Registry } from '../catalog/model.ts';
import type { ValidationJob, ValidationRunner } from '../pipeline/ports.ts';
import type { ArmClients } from './arm.ts';
import { within } from './deadlines.ts';
import { failureOf, portError } from './errors.ts';
import { since } from './odata.ts';
import { readLogEnd } from './run-log.ts';
import { getRun, listRuns, scheduleRun } from './task-runs.ts';
import { describeValidation } from './validation-description.ts';
import { renderSandbox } from './validation-yaml.ts';

export interface ValidationRunnerOptions {
  readonly arm: ArmClients;
  readonly buffer: Registry;
  /** The trusted step's image, in the buffer: `tools/docker-cli@sha256:…`. */
  readonly tools: string;
  readonly agentPool: string | undefined;
}

/** ACR's bounds for a run's timeout, in seconds. */
const shortestRun = 300;
const longestRun = 28_800;
/** For pulling the images, before the step's own timeout counts. */
const pullTime = 300;

/** Validations as quick runs and task runs of the buffer. */
export function createValidationRunner(options: ValidationRunnerOptions): ValidationRunner {
  const { arm, buffer } = options;
  return {
    describe: describeValidation,
    schedule: (job) => scheduleRun(arm, buffer, requestFor(job, options)),
    async findByToken(token, instant) {
      // A quick run carries no token: of those the service does not tell.
      const runs = await listRuns(arm, buffer, { filter: since('CreateTime', instant) });
      return runs.find((run) => run.token === token)?.id;
    },
    get: (taskRun) => getRun(arm, buffer, taskRun),
    logEnd: (taskRun) => readLogEnd(arm, buffer, taskRun),
    async cancel(taskRun) {
      const client = await arm.of(buffer.subscription);
      try {
        await client.runs.beginCancel(buffer.resourceGroup, buffer.name, taskRun, { abortSignal: within('write') });
      } catch (error) {
        const { status } = failureOf(error);
        // One that has ended, or is gone, needs no cancelling.
        if (status === 400 || status === 404 || status === 409) return;
        throw portError(error, 'cancel run', `${buffer.name}/${taskRun}`);
      }
    },
  };
}

function requestFor(job: ValidationJob, options: ValidationRunnerOptions): EncodedTaskRunRequest | TaskRunRequest {
  const { entry } = job;
  const { buffer, tools } = options;
  const image = `${buffer.loginServer}/${job.repository}@${job.digest}`;
  switch (entry.kind) {
    case 'run':
    case 'script': {
      const images = { tools: `${buffer.loginServer}/${tools}`, candidate: image };
      return quickRun(renderSandbox(entry, images), [], entry.timeoutSeconds + pullTime, options);
    }
    case 'steps':
      return quickRun(entry.content, valuesOf(job, image), entry.timeoutSeconds, options);
    case 'task':
      return {
        type: 'TaskRunRequest',
        taskId: `${buffer.resourceId}/tasks/${entry.task}`,
        overrideTaskStepProperties: { values: valuesOf(job, image), updateTriggerToken: job.token },
      };
  }
}

type Values = { name: string; value: string }[];

function quickRun(
  yaml: string,
  values: Values,
  timeout: number,
  { agentPool }: ValidationRunnerOptions,
): EncodedTaskRunRequest {
  return {
    type: 'EncodedTaskRunRequest',
    encodedTaskContent: Buffer.from(yaml, 'utf8').toString('base64'),
    values,
    timeout: Math.min(Math.max(Math.ceil(timeout), shortestRun), longestRun),
    platform: { os: 'Linux', architecture: 'amd64' },
    ...(agentPool && { agentPoolName: agentPool }),
  };
}

/** Values are pasted into the operator's steps as text: each is of a kind that cannot hold a quote or a space. */
function valuesOf({ tag, run }: ValidationJob, image: string): Values {
  if (!/^[a-z0-9-]+$/.test(run)) throw new Error(`Could not validate ${image}: ${JSON.stringify(run)} is no run id.`);
  return [
    { name: 'IMAGE', value: image },
    { name: 'TAG', value: tag },
    { name: 'RUN', value: run },
  ];
}
