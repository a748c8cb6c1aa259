import { fileURLToPath } from 'node:url';
import type { RunRecord } from '../arm/index.ts';
import type { World } from './world.ts';

export interface HelloWorldOptions {
  /** Name of the task, and of the image that it builds: `hello-world`. */
  readonly name?: string;
  /** What it is built on: `base-images/node:9-alpine`. */
  readonly base: string;
  /** A folder with a Dockerfile that takes the build arguments REGISTRY and BASE. Default: the demo's page. */
  readonly context?: string;
  /** Whether ACR rebuilds it by itself when its base changes. Default true. */
  readonly trigger?: boolean;
}

const page = fileURLToPath(new URL('hello-world', import.meta.url));

/** Makes the ACR task in the dev registry, as its team would: with a base-image trigger. */
export async function createHelloWorld(world: World, options: HelloWorldOptions): Promise<void> {
  const { name = 'hello-world', base, context = page, trigger = true } = options;
  const { resourceGroup, location } = world.azure.scope;
  await world.clients.arm.tasks.beginCreateAndWait(resourceGroup, world.dev.name, name, {
    location,
    platform: { os: 'Linux', architecture: 'amd64' },
    step: {
      type: 'Docker',
      contextPath: context,
      dockerFilePath: 'Dockerfile',
      imageNames: [`${name}:latest`],
      arguments: [
        { name: 'REGISTRY', value: world.buffer.loginServer },
        { name: 'BASE', value: base },
      ],
    },
    trigger: {
      baseImageTrigger: {
        name: 'base',
        baseImageTriggerType: 'Runtime',
        status: trigger ? 'Enabled' : 'Disabled',
      },
    },
  });
}

/** Runs the task once by hand: until then ACR does not know what it is built on. */
export async function startBuild(world: World, name = 'hello-world'): Promise<string> {
  const { resourceGroup } = world.azure.scope;
  const { id = '' } = await world.clients.arm.tasks.get(resourceGroup, world.dev.name, name);
  const request = { type: 'TaskRunRequest', taskId: id } as const;
  const run = await world.clients.arm.registries.beginScheduleRunAndWait(resourceGroup, world.dev.name, request);
  return run.runId ?? '';
}

/** The runs of a task, the newest first. */
export function taskRuns(world: World, name = 'hello-world'): RunRecord[] {
  return world.azure.arm.view.runs().filter(({ registry, task }) => registry === world.dev.name && task === name);
}
