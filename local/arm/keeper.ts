import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFinished, type RunRecord } from './runs/store.ts';
import type { TaskRecord } from './tasks/store.ts';

/** Tasks and runs in one JSON file, so that a local Azure that is started again goes on with them. */
export interface Keeper {
  readonly tasks: readonly TaskRecord[];
  readonly runs: readonly RunRecord[];
  /** To be called after each change; changes that come together are written together. */
  changed(): void;
  close(): Promise<void>;
}

interface Content {
  readonly version: 1;
  readonly tasks: readonly TaskRecord[];
  readonly runs: readonly RunRecord[];
}

/** @param content what is to be written, asked for at each writing */
export function openKeeper(file: string, content: () => Omit<Content, 'version'>): Keeper {
  const { tasks, runs } = read(file);
  let dirty = false;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    while (dirty) {
      dirty = false;
      // A file of its own first: a crash in the middle leaves the old one.
      await writeFile(`${file}.new`, JSON.stringify({ version: 1, ...content() } satisfies Content), { mode: 0o600 });
      await rename(`${file}.new`, file);
    }
  }

  return {
    tasks,
    runs,
    changed() {
      dirty = true;
      writing ??= write()
        .catch((error: unknown) => console.error(`ARM endpoint: writing ${file} failed`, error))
        .finally(() => {
          writing = undefined;
        });
    },
    async close() {
      while (writing) await writing;
    },
  };
}

function read(file: string): Omit<Content, 'version'> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { tasks: [], runs: [] };
  }
  const content = JSON.parse(text) as Content;
  if (content.version !== 1) {
    throw new Error(`Reading ${file} failed: version 1 is expected, ${content.version} was found. Remove the file.`);
  }
  return { tasks: content.tasks.map(reviveTask), runs: content.runs.map(reviveRun) };
}

function reviveTask(task: TaskRecord): TaskRecord {
  return { ...task, creationDate: new Date(task.creationDate), modifiedAt: new Date(task.modifiedAt) };
}

/** A run that was going on died with the process that ran it. */
function reviveRun(run: RunRecord): RunRecord {
  const { imageUpdateTrigger, startTime, finishTime } = run;
  const lastUpdatedTime = new Date(run.lastUpdatedTime);
  const revived: RunRecord = {
    ...run,
    lastUpdatedTime,
    createTime: new Date(run.createTime),
    ...(startTime ? { startTime: new Date(startTime) } : {}),
    ...(finishTime ? { finishTime: new Date(finishTime) } : {}),
    ...(imageUpdateTrigger
      ? { imageUpdateTrigger: { ...imageUpdateTrigger, timestamp: new Date(imageUpdateTrigger.timestamp) } }
      : {}),
  };
  if (isFinished(revived)) return revived;
  const runErrorMessage = 'failed during run, err: the local Azure was stopped';
  return { ...revived, status: 'Error', finishTime: lastUpdatedTime, runErrorMessage };
}
