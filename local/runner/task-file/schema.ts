import * as z from 'zod';

// YAML reads `cmd: 1.10` as a number, while the agent's own reader takes the text; only strings matter here.
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const seconds = z.int().min(0);
const unsupported = (what: string) =>
  z
    .unknown()
    .refine((value) => value === null || value === false, `${what} not supported by the local runner`)
    .optional();

const VolumeMount = z.strictObject({ name: text, mountPath: text });

const Step = z
  .strictObject({
    id: text
      .refine((id) => !/\s/.test(id), 'step ID cannot contain spaces')
      .refine((id) => /^[\w.-]+$/.test(id), 'a step ID is made of letters, digits, "_", "." and "-"')
      .optional(),
    cmd: text.optional(),
    build: text.optional(),
    push: z.array(text).optional(),
    when: z.array(text).optional(),
    env: z.array(text).optional(),
    entryPoint: text.optional(),
    workingDirectory: text.optional(),
    disableWorkingDirectoryOverride: z.boolean().optional(),
    timeout: seconds.optional(),
    startDelay: seconds.optional(),
    retries: z.int().min(0, 'step must specify retries >= 0').optional(),
    retryDelay: seconds.optional(),
    retryOnErrors: z.array(text).optional(),
    repeat: z.int().min(0, 'step must specify repeat >= 0').optional(),
    ignoreErrors: z.boolean().optional(),
    // Nothing outlives a run here, kept or not; and an image is always resolved anew.
    keep: z.boolean().optional(),
    pull: z.boolean().optional(),
    user: text.optional(),
    cpus: text.optional(),
    network: text.optional(),
    cache: z
      .string()
      .regex(/^(enabled|disabled)$/i, "invalid value for cache property. Valid values are 'enabled', 'disabled'")
      .optional(),
    isolation: z
      .string()
      .regex(/^(default)?$/i, 'only "default" isolation exists on Linux')
      .optional(),
    volumeMounts: z.array(VolumeMount).optional(),
    detach: unsupported('detached containers are'),
    ports: unsupported('published ports are'),
    expose: unsupported('exposed ports are'),
    privileged: unsupported('privileged containers are'),
    exitedWith: unsupported('"exitedWith" is'),
    exitedWithout: unsupported('"exitedWithout" is'),
  })
  .superRefine((step, context) => {
    const kinds = [step.cmd, step.build, step.push?.length ? step.push : undefined].filter(
      (kind) => kind !== undefined,
    );
    if (kinds.length > 1) {
      context.addIssue({ code: 'custom', message: 'step must only contain a single build, cmd, or push property' });
    }
    if (kinds.length === 0) {
      context.addIssue({ code: 'custom', message: 'step is missing a cmd, build, or push property' });
    }
    if (step.volumeMounts && step.cmd === undefined) {
      const message = 'invalid use of Mounts. Mounts must have unique container paths and used for CMD steps';
      context.addIssue({ code: 'custom', path: ['volumeMounts'], message });
    }
  });

const Volume = z.strictObject({
  name: text.refine((name) => /^[a-zA-Z0-9][\w.-]*$/.test(name), 'a volume name is letters, digits, "_", "." and "-"'),
  secret: z.array(z.record(z.string().regex(/^[\w.-]+$/), text)),
});

/** acr-task.yaml, the keys of versions 1.0 and 1.1 (container-registry-tasks-reference-yaml, and the agent's source). */
export const TaskFile = z.strictObject({
  version: text
    .refine((version) => /^(1\.0-preview-1|v1\.0\.0|v1\.1\.0)$/i.test(version), {
      error: (issue) => `invalid version specified: "${issue.input}", the current version is "v1.1.0"`,
    })
    .optional(),
  stepTimeout: seconds.optional(),
  workingDirectory: text.optional(),
  env: z.array(text).optional(),
  volumes: z.array(Volume).optional(),
  secrets: unsupported('secrets are'),
  networks: unsupported('networks are'),
  steps: z.array(Step).min(1, 'the task has no steps'),
});

export type TaskFile = z.infer<typeof TaskFile>;
export type TaskFileStep = z.infer<typeof Step>;
