import * as z from 'zod';

/**
 * What a task may hold (api-version 2019-06-01-preview). Unknown members are refused: a task that says something
 * that nothing here carries out must not look as if it did.
 */
const named = z.strictObject({ name: z.string().min(1), value: z.string(), isSecret: z.boolean().optional() });
const namedList = z.array(named);
const timeout = z.int().min(300).max(28_800);

export const platform = z.strictObject({
  os: z.string().regex(/^(linux|windows)$/i),
  architecture: z
    .string()
    .regex(/^(amd64|x86|386|arm|arm64)$/i)
    .optional(),
  variant: z
    .string()
    .regex(/^v[678]$/i)
    .optional(),
});
export const agentConfiguration = z.strictObject({ cpu: z.int().min(1).optional() });

const context = {
  contextPath: z.string().min(1).optional(),
  contextAccessToken: z.string().optional(),
};

const dockerStep = z.strictObject({
  type: z.literal('Docker'),
  imageNames: z.array(z.string().min(1)).optional(),
  isPushEnabled: z.boolean().default(true),
  noCache: z.boolean().default(false),
  dockerFilePath: z.string().min(1),
  target: z.string().optional(),
  arguments: namedList.optional(),
  ...context,
});

const fileStep = z.strictObject({
  type: z.literal('FileTask'),
  taskFilePath: z.string().min(1),
  valuesFilePath: z.string().min(1).optional(),
  values: namedList.optional(),
  ...context,
});

const encodedStep = z.strictObject({
  type: z.literal('EncodedTask'),
  encodedTaskContent: z.base64().min(1),
  encodedValuesContent: z.base64().optional(),
  values: namedList.optional(),
  ...context,
});

export const step = z.discriminatedUnion('type', [dockerStep, fileStep, encodedStep]);

const triggerStatus = z.enum(['Enabled', 'Disabled']).default('Enabled');

const sourceControl = z.strictObject({
  sourceControlType: z.enum(['Github', 'VisualStudioTeamService']),
  repositoryUrl: z.string(),
  branch: z.string().optional(),
  sourceControlAuthProperties: z
    .strictObject({
      tokenType: z.enum(['PAT', 'OAuth']),
      token: z.string(),
      refreshToken: z.string().optional(),
      scope: z.string().optional(),
      expiresIn: z.int().optional(),
    })
    .optional(),
});

const trigger = z.strictObject({
  timerTriggers: z
    .array(z.strictObject({ schedule: z.string().min(1), status: triggerStatus, name: z.string().min(1) }))
    .optional(),
  sourceTriggers: z
    .array(
      z.strictObject({
        sourceRepository: sourceControl,
        sourceTriggerEvents: z.array(z.enum(['commit', 'pullrequest'])),
        status: triggerStatus,
        name: z.string().min(1),
      }),
    )
    .optional(),
  baseImageTrigger: z
    .strictObject({
      baseImageTriggerType: z.enum(['All', 'Runtime']),
      updateTriggerEndpoint: z.string().optional(),
      updateTriggerPayloadType: z.enum(['Default', 'Token']).optional(),
      status: triggerStatus,
      name: z.string().min(1),
    })
    .optional(),
});

const secret = z.strictObject({ value: z.string().optional(), type: z.enum(['Opaque', 'Vaultsecret']).optional() });

export const credentials = z.strictObject({
  sourceRegistry: z
    .strictObject({ loginMode: z.enum(['None', 'Default']).optional(), identity: z.string().optional() })
    .optional(),
  customRegistries: z
    .record(
      z.string(),
      z.strictObject({
        userName: secret.optional(),
        password: secret.optional(),
        identity: z.string().optional(),
      }),
    )
    .optional(),
});

const properties = z.strictObject({
  status: z.enum(['Enabled', 'Disabled']).default('Enabled'),
  platform: platform.default({ os: 'linux', architecture: 'amd64' }),
  agentConfiguration: agentConfiguration.default({ cpu: 2 }),
  agentPoolName: z.string().optional(),
  timeout: timeout.default(3600),
  step,
  trigger: trigger.optional(),
  credentials: credentials.optional(),
  logTemplate: z.string().optional(),
  isSystemTask: z.boolean().default(false),
});

export const taskSchema = z.strictObject({
  location: z.string().min(1),
  tags: z.record(z.string(), z.string()).optional(),
  identity: z
    .strictObject({
      type: z.enum(['SystemAssigned', 'UserAssigned', 'SystemAssigned, UserAssigned', 'None']).optional(),
      userAssignedIdentities: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  properties,
});

export const runTimeout = timeout;
export const setValues = namedList;

export type TaskContent = z.infer<typeof taskSchema>;
export type TaskStep = z.infer<typeof step>;
export type TaskCredentials = z.infer<typeof credentials>;
export type NamedValue = z.infer<typeof named>;
