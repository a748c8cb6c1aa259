import * as z from 'zod';
import { agentConfiguration, credentials, platform, runTimeout, setValues } from '../tasks/schema.ts';

/** The bodies of `POST …/scheduleRun`, told apart by `type`. */
const common = {
  isArchiveEnabled: z.boolean().default(false),
  agentPoolName: z.string().optional(),
  logTemplate: z.string().optional(),
};

const quick = {
  ...common,
  timeout: runTimeout.default(3600),
  platform,
  agentConfiguration: agentConfiguration.default({ cpu: 2 }),
  sourceLocation: z.string().min(1).optional(),
  credentials: credentials.optional(),
};

export const runRequest = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('TaskRunRequest'),
    ...common,
    taskId: z.string().min(1),
    overrideTaskStepProperties: z
      .strictObject({
        contextPath: z.string().min(1).optional(),
        file: z.string().min(1).optional(),
        arguments: setValues.optional(),
        target: z.string().optional(),
        values: setValues.optional(),
        updateTriggerToken: z.string().optional(),
      })
      .default({}),
  }),
  z.strictObject({
    type: z.literal('EncodedTaskRunRequest'),
    ...quick,
    encodedTaskContent: z.base64().min(1),
    encodedValuesContent: z.base64().optional(),
    values: setValues.optional(),
  }),
  z.strictObject({
    type: z.literal('FileTaskRunRequest'),
    ...quick,
    taskFilePath: z.string().min(1),
    valuesFilePath: z.string().min(1).optional(),
    values: setValues.optional(),
  }),
  z.strictObject({
    type: z.literal('DockerBuildRequest'),
    ...quick,
    imageNames: z.array(z.string().min(1)).optional(),
    isPushEnabled: z.boolean().default(true),
    noCache: z.boolean().default(false),
    dockerFilePath: z.string().min(1),
    target: z.string().optional(),
    arguments: setValues.optional(),
  }),
]);

export type RunRequest = z.infer<typeof runRequest>;
export type TaskRunRequest = Extract<RunRequest, { type: 'TaskRunRequest' }>;
export type QuickRunRequest = Exclude<RunRequest, TaskRunRequest>;
