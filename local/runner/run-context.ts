import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputImage, RunnerJob } from '../contracts.ts';
import type { ImageName } from './images/name.ts';
import type { RunImages } from './images/run-images.ts';
import type { ImageStore } from './images/store.ts';
import type { RunLog } from './log.ts';

/** How a step, or one attempt at it, ended. The error is the agent's: `exit status 1`, `context deadline exceeded`. */
export type StepEnd = { readonly ok: true } | { readonly ok: false; readonly error: string };

export const STEP_OK: StepEnd = { ok: true };

export function exitStatus(code: number): StepEnd {
  return code === 0 ? STEP_OK : { ok: false, error: `exit status ${code}` };
}

/** The base images of one build step, and the names that it gave to what it built. */
export interface BuildRecord {
  readonly stepId: string;
  readonly tags: readonly ImageName[];
  readonly runtime: BaseImage;
  readonly buildTime: readonly BaseImage[];
}

export interface BaseImage {
  readonly name: ImageName | 'scratch';
  /** What was built on. Empty for scratch, and for an image of this run that was never pushed. */
  readonly digest: string;
}

/** What the parts of one run share. */
export interface Run {
  readonly job: RunnerJob;
  /** A folder of its own under the state folder, removed when the run ends. */
  readonly directory: string;
  readonly log: RunLog;
  readonly store: ImageStore;
  readonly images: RunImages;
  readonly volumes: Volumes;
  /** The control group that all of its containers are below. */
  readonly cgroup: string;
  /** Unique names for containers. */
  readonly newId: () => string;
  readonly builds: BuildRecord[];
  readonly pushed: OutputImage[];
}

/** The volumes of one run, by name: folders of its own, never the machine's. */
export class Volumes {
  readonly shared: string;
  readonly workspace: string;
  readonly home: string;
  readonly #directory: string;

  /** @param shared the name that `$SharedVolume` stands for */
  constructor(directory: string, shared: string) {
    this.shared = shared;
    this.#directory = join(directory, 'volumes');
    this.workspace = join(this.#directory, shared);
    this.home = join(directory, 'home');
  }

  async prepare(): Promise<void> {
    for (const path of [this.workspace, this.home]) await mkdir(path, { recursive: true });
  }

  /** The folder of a volume, which is made when it is first named, as Docker does. The name has been checked. */
  async folder(name: string): Promise<string> {
    const path = join(this.#directory, name);
    await mkdir(path, { recursive: true });
    return path;
  }
}
