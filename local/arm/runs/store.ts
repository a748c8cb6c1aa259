import type { OutputImage, RunnerResult } from '../../contracts.ts';
import type { Clock } from '../clock.ts';

export type RunStatus = 'Queued' | 'Started' | 'Running' | RunnerResult['status'];
export type RunType = 'QuickBuild' | 'QuickRun' | 'AutoBuild' | 'AutoRun';

export interface ImageUpdateTrigger {
  readonly id: string;
  readonly timestamp: Date;
  readonly images: readonly OutputImage[];
}

export interface RunRecord {
  /** Name of the registry. */
  readonly registry: string;
  readonly runId: string;
  /** Counts all runs of the endpoint; a later run has a higher one. */
  readonly sequence: number;
  readonly status: RunStatus;
  readonly lastUpdatedTime: Date;
  readonly runType: RunType;
  readonly createTime: Date;
  /** Comes with Running. */
  readonly startTime?: Date;
  readonly finishTime?: Date;
  readonly outputImages?: readonly OutputImage[];
  /** The bare name of the task; absent on quick runs. */
  readonly task?: string;
  /** The images that a quick run's steps name by digest: what it is about, where no task says so. ARM does not tell. */
  readonly about?: readonly string[];
  readonly imageUpdateTrigger?: ImageUpdateTrigger;
  readonly platform: { readonly os: string; readonly architecture?: string; readonly variant?: string };
  readonly agentConfiguration: { readonly cpu?: number };
  readonly agentPoolName?: string;
  readonly customRegistries?: readonly string[];
  readonly runErrorMessage?: string;
  readonly updateTriggerToken?: string;
  readonly isArchiveEnabled: boolean;
  readonly requestedBy: string;
  /** Name of the blob that its log is written to. */
  readonly logName: string;
}

export type NewRun = Omit<RunRecord, 'runId' | 'sequence' | 'status' | 'lastUpdatedTime' | 'createTime' | 'logName'>;
export type RunChange = Partial<Omit<RunRecord, 'registry' | 'runId' | 'sequence' | 'createTime' | 'logName'>>;

export interface RunStore {
  /** Queued, with an id of its own. */
  add(run: NewRun): RunRecord;
  get(registry: string, runId: string): RunRecord | undefined;
  /** The changed record; `run` may be an older copy of it. */
  update(run: RunRecord, change: RunChange): RunRecord;
  /** Of one registry, or all; newest first. */
  list(registry?: string): RunRecord[];
}

export function isFinished(run: RunRecord): boolean {
  return !['Queued', 'Started', 'Running'].includes(run.status);
}

export interface RunStoreParts {
  readonly clock: Clock;
  readonly newId: () => string;
  /** They decide the ids' prefixes: `ca1`, `ca2`, … for the first, `cb1`, … for the second. */
  readonly registryNames: readonly string[];
  readonly kept: readonly RunRecord[];
  /** Called after each change. */
  readonly changed: () => void;
}

export function createRunStore({ clock, newId, registryNames, kept, changed }: RunStoreParts): RunStore {
  const key = (registry: string, runId: string) => `${registry}/${runId}`.toLowerCase();
  const runs = new Map(kept.map((run) => [key(run.registry, run.runId), run]));
  let sequence = kept.reduce((highest, run) => Math.max(highest, run.sequence), 0);

  /** Counted over all registries, so that an id is never given twice, whatever was kept. */
  function nextId(registry: string): string {
    const index = registryNames.findIndex((name) => name.toLowerCase() === registry.toLowerCase());
    return `c${prefix(Math.max(0, index))}${sequence.toString(36)}`;
  }

  return {
    add(run) {
      const now = clock.now();
      sequence += 1;
      const added: RunRecord = {
        ...run,
        runId: nextId(run.registry),
        sequence,
        status: 'Queued',
        lastUpdatedTime: now,
        createTime: now,
        logName: `${newId()}/rawtext.log`,
      };
      runs.set(key(added.registry, added.runId), added);
      changed();
      return added;
    },
    get: (registry, runId) => runs.get(key(registry, runId)),
    update(run, change) {
      const at = key(run.registry, run.runId);
      const updated: RunRecord = { ...(runs.get(at) ?? run), lastUpdatedTime: clock.now(), ...change };
      runs.set(at, updated);
      changed();
      return updated;
    },
    list: (registry) =>
      [...runs.values()]
        .filter((run) => registry === undefined || run.registry.toLowerCase() === registry.toLowerCase())
        .sort((a, b) => b.sequence - a.sequence),
  };
}

/** a … z, then aa, ab, …: letters only, so that a prefix never runs into the count. */
function prefix(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : prefix(Math.floor(index / 26) - 1) + letter;
}
