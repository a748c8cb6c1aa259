import * as z from 'zod';
import * as v from './schema-values.ts';
import { keys } from './schema-values.ts';
import { oneOf } from './words.ts';

export const defaultTimeout = { run: '10m', script: '10m', steps: '30m', task: '30m' } as const;

const registry = keys({
  name: v.registryName.optional().describe("The registry's name in Azure. Default: the key."),
  resourceId: v.resourceId.optional().describe('In place of name, subscription and resourceGroup.'),
  subscription: v.subscription.optional().describe("Default: the buffer's."),
  resourceGroup: v.resourceGroup.optional().describe("Default: the buffer's."),
  loginServer: v.loginServer.optional().describe('Default: NAME.azurecr.io.'),
  kick: v.flag.optional().describe('Whether Sluice may start tasks here. Default: true.'),
});

// ACR ends a run after eight hours.
const timeout = v.duration('1s', '8h').optional().describe('Counted from the start of the run.');
const limits = {
  memory: v.memory.optional().describe('Memory of the container under test. Default: 512m.'),
  cpus: v.number(0, 32).optional().describe('Processors of the container under test. Default: 1.'),
  pidsLimit: v.count(1, 32768).optional().describe('Processes in the container under test. Default: 256.'),
};
const argument = z.string({ error: 'an argument; put numbers and true or false in quotes' });
const command = z.array(argument, { error: 'a list: [node, -e, "…"]' }).min(1, { error: 'at least a program' });

const validationKinds = ['run', 'script', 'steps', 'task'] as const;
const validation = z.union(
  [
    keys({ run: command.describe('A command, run inside the candidate, sandboxed.'), timeout, ...limits }),
    keys({
      script: v.validationFile.describe('A script below validations/, run inside the candidate, sandboxed.'),
      shell: v.shell.optional().describe('What reads the script. Default: sh.'),
      timeout,
      ...limits,
    }),
    keys({ steps: v.validationFile.describe('An acr-task.yaml below validations/: your own steps.'), timeout }),
    keys({ task: v.taskName.describe('An ACR Task of the buffer.'), timeout }),
  ],
  { error: oneOf(validationKinds) },
);
const validations = z.array(validation, { error: 'a list of validations' }).describe('All must pass, in order.');

const gate = keys({
  soak: v.duration('0s', '365d').optional().describe('Age of a digest, since Sluice first saw it. Default: 0s.'),
  approval: v.word(['none', 'required']).optional().describe('Whether a person must approve. Default: none.'),
  promoteDuring: v.window.optional().describe('Mon-Fri 08:00-17:00 Europe/Berlin, or always. Default: always.'),
});

const taskParts = keys({ registry: v.text('the key of a registry above'), task: v.text('the name of an ACR Task') });
const task = z.union([v.taskText, taskParts], {
  error: 'KEY/task, with the key of a registry above',
});
const dependents = keys({
  discover: v.flag.optional().describe('Find the tasks that are built on the target. Default: true.'),
  tasks: z.array(task, { error: 'a list of tasks' }).optional().describe('Tasks that are dependents by name.'),
  grace: v.duration('0s', '1h').optional().describe('How long ACR has to start a task by itself.'),
  maxParallel: v.count(1, 50).optional().describe('Builds started by Sluice that run at once. Default: 5.'),
  failureBudget: v.count(1, 1000).optional().describe('Failed builds after which no more are started. Default: 3.'),
});

const newest = v.count(1, 100).optional().describe('How many of the newest matching tags. Default: 5.');
const tag = z.union(
  [
    v.tagPattern,
    keys({ glob: v.globPattern, newest }),
    keys({ semver: v.versionRange, suffix: v.tagSuffix.optional(), newest }),
  ],
  { error: 'a tag in quotes, as in "9-alpine"' },
);

const upstreamExample =
  'docker.io/library/node, ghcr.io/owner/image, or KEY/repository with the key of a registry above';
const upstream = z.union(
  [
    v.upstreamText,
    keys({ image: v.foreignImage, credentials: v.settingPrefix.optional() }),
    keys({ registry: v.text('the key of a registry above'), repository: v.repository }),
  ],
  { error: upstreamExample },
);

const image = keys({
  upstream: upstream.describe('Where the image comes from.'),
  tags: z.array(tag, { error: 'a list of tags' }).min(1, { error: 'at least one tag' }).describe('What is tracked.'),
  staging: v.repository.optional().describe('Repository of the buffer. Default: staging/NAME.'),
  target: v.repository.optional().describe('Repository of the buffer. Default: base-images/NAME.'),
  validate: validations.optional(),
  gate: gate.optional().describe('What must be open before promotion.'),
  dependents: dependents.optional().describe('What is rebuilt after promotion.'),
});

export const catalogSchema = keys({
  buffer: v.text('the key of a registry below').describe('The key of the registry that holds staging and base images.'),
  registries: z.record(z.string(), registry, { error: 'registries by key' }).describe('All registries, by key.'),
  tools: keys({
    dockerCli: v.toolImage.optional().describe('Image with the docker CLI, in the buffer, best by digest.'),
  })
    .optional()
    .describe('Images that Sluice itself runs.'),
  defaults: keys({ validate: validations.optional(), gate: gate.optional(), dependents: dependents.optional() })
    .optional()
    .describe('What holds for every image that does not say otherwise.'),
  images: z.record(z.string(), image, { error: 'images by name' }).describe('The images that are buffered, by name.'),
});

export type CatalogInput = z.output<typeof catalogSchema>;
export type RegistryInput = z.output<typeof registry>;
export type ImageInput = z.output<typeof image>;
export type ValidationInput = z.output<typeof validation>;
export type GateInput = z.output<typeof gate>;
export type DependentsInput = z.output<typeof dependents>;
export type TaskInput = z.output<typeof task>;
export type TagInput = z.output<typeof tag>;

/** `sluice.schema.json`: what an editor needs to complete and check the catalog. */
export function catalogJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(catalogSchema, { io: 'input' });
  return { ...schema, title: 'Sluice catalog' };
}
