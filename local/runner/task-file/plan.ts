import type { Locate } from './load.ts';
import { TaskFileProblem } from './problem.ts';
import type { TaskFile, TaskFileStep } from './schema.ts';

const DEFAULT_STEP_TIMEOUT_SECONDS = 600;
const DEFAULT_RETRY_DELAY_SECONDS = 5;
const IMMEDIATELY = '-';
const ROOT_ID = 'acb_root';

/** What a step does. */
export type Action =
  | { readonly kind: 'cmd'; readonly command: string }
  /** What stands after `docker build`: text for a shell to read, or words. */
  | { readonly kind: 'build'; readonly words: string | readonly string[] }
  | { readonly kind: 'push'; readonly images: readonly string[] };

/** One step, with everything that the file leaves open filled in. Times are in seconds. */
export interface Step {
  readonly id: string;
  readonly action: Action;
  /** The steps that must have succeeded before this one. */
  readonly after: readonly string[];
  readonly env: readonly string[];
  readonly entryPoint: string | undefined;
  readonly workingDirectory: string;
  readonly keepImageWorkingDirectory: boolean;
  readonly timeout: number;
  readonly startDelay: number;
  readonly retries: number;
  readonly retryDelay: number;
  readonly retryOnErrors: readonly string[];
  readonly repeat: number;
  readonly ignoreErrors: boolean;
  readonly user: string | undefined;
  readonly cpus: string | undefined;
  readonly network: string;
  readonly mounts: readonly { readonly volume: string; readonly path: string }[];
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Named volumes with files in them, by name; contents are base64. */
  readonly volumes: ReadonlyMap<string, readonly { readonly file: string; readonly base64: string }[]>;
}

export const DEFAULT_NETWORK = 'acb_default_network';

/** Puts the steps in order: a step without `when` follows the one written before it, `["-"]` starts at once. */
export function planTask(file: TaskFile, at: Locate): Plan {
  const volumes = new Map(
    (file.volumes ?? []).map((volume) => [
      volume.name,
      volume.secret.flatMap((entry) => Object.entries(entry).map(([name, base64]) => ({ file: name, base64 }))),
    ]),
  );
  if (volumes.size < (file.volumes ?? []).length) {
    throw new TaskFileProblem('volume with duplicate name found', at(['volumes']));
  }
  const ids = file.steps.map((step, index) => step.id ?? `acb_step_${index}`);
  const steps = file.steps.map((step, index) => planStep(file, step, index, ids));
  checkIds(ids, at);
  checkOrder(steps, file, at);
  for (const [index, step] of steps.entries()) {
    const unknown = step.mounts.find((mount) => !volumes.has(mount.volume));
    if (!unknown) continue;
    const message = `provided mount name does not correspond to a volume: ${unknown.volume}`;
    throw new TaskFileProblem(message, at(['steps', index, 'volumeMounts']));
  }
  return { steps, volumes };
}

function planStep(file: TaskFile, step: TaskFileStep, index: number, ids: readonly string[]): Step {
  const own = step.env ?? [];
  const names = new Set(own.map((entry) => entry.split('=')[0]));
  const inherited = (file.env ?? []).filter((entry) => !names.has(entry.split('=')[0]));
  const previous = index > 0 ? ids.slice(index - 1, index) : [];
  const after = !step.when?.length ? previous : step.when.filter((id) => id !== IMMEDIATELY);
  return {
    id: ids[index] ?? '',
    action: actionOf(step),
    after,
    env: [...own, ...inherited],
    entryPoint: step.entryPoint || undefined,
    workingDirectory: step.workingDirectory || file.workingDirectory || '',
    keepImageWorkingDirectory: step.disableWorkingDirectoryOverride ?? false,
    timeout: step.timeout || file.stepTimeout || DEFAULT_STEP_TIMEOUT_SECONDS,
    startDelay: step.startDelay ?? 0,
    retries: step.retries ?? 0,
    retryDelay: step.retryDelay || DEFAULT_RETRY_DELAY_SECONDS,
    retryOnErrors: step.retryOnErrors ?? [],
    repeat: step.repeat ?? 0,
    ignoreErrors: step.ignoreErrors ?? false,
    user: step.user || undefined,
    cpus: step.cpus || undefined,
    network: step.network || DEFAULT_NETWORK,
    mounts: (step.volumeMounts ?? []).map((mount) => ({ volume: mount.name, path: mount.mountPath })),
  };
}

function actionOf(step: TaskFileStep): Action {
  if (step.cmd !== undefined) return { kind: 'cmd', command: step.cmd };
  if (step.build !== undefined) return { kind: 'build', words: step.build };
  return { kind: 'push', images: [...new Set(step.push ?? [])] };
}

function checkIds(ids: readonly string[], at: Locate): void {
  for (const [index, id] of ids.entries()) {
    const where = at(['steps', index, 'id']);
    if (id === ROOT_ID) throw new TaskFileProblem(`${id} is a reserved ID, it can't be used`, where);
    if (ids.indexOf(id) < index) throw new TaskFileProblem(`${id} already exists as a vertex`, where);
  }
}

function checkOrder(steps: readonly Step[], file: TaskFile, at: Locate): void {
  const seen = new Set<string>();
  for (const [index, step] of steps.entries()) {
    const when = file.steps[index]?.when ?? [];
    const where = at(['steps', index, 'when']);
    if (when.includes(IMMEDIATELY) && when.length > 1) {
      const message = 'step cannot contain other IDs in when if the immediate execution token is specified';
      throw new TaskFileProblem(message, where);
    }
    if (when.includes(step.id)) throw new TaskFileProblem(`Step ID: ${step.id} is self-referenced`, where);
    // A step can only wait for one written above it, so there can be no circle.
    const unknown = step.after.find((id) => !seen.has(id));
    if (unknown !== undefined) {
      const message = `${unknown} does not exist as a vertex [from: ${unknown}, to: ${step.id}]`;
      throw new TaskFileProblem(message, where);
    }
    seen.add(step.id);
  }
}
