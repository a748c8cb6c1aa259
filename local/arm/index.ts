import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AzureScope, Certificate, Closeable, LocalRegistry, TaskRunner, TokenAuthority } from '../contracts.ts';
import { listen } from '../listen.ts';
import { type Clock, systemClock } from './clock.ts';
import { answer } from './http/answer.ts';
import { dispatch } from './http/dispatch.ts';
import { createRouter } from './http/router.ts';
import { createImportControls, type ImportControls } from './import/controls.ts';
import { createImportOperations } from './import/operations.ts';
import { createTransport } from './import/transport.ts';
import { openKeeper } from './keeper.ts';
import { routes } from './routes.ts';
import { execute } from './runs/execute.ts';
import { createRunLogs, type LogStorage, type RunLogs } from './runs/logs.ts';
import { createRunQueue, type RunQueue } from './runs/queue.ts';
import { createRunStore, type RunStore } from './runs/store.ts';
import type { ArmState } from './state.ts';
import { createTaskStore, type TaskStore } from './tasks/store.ts';
import { createBaseImageTriggers, subscribe, type TriggerControls } from './triggers/baseImage.ts';
import { type ArmView, createView } from './view.ts';

export type { Clock } from './clock.ts';
export type { ImportControls, ImportRule, ImportView } from './import/controls.ts';
export { type ImportFailure, importFailures } from './import/failures.ts';
export type { LogStorage } from './runs/logs.ts';
export type { RunRecord } from './runs/store.ts';
export type { TriggerControls } from './triggers/baseImage.ts';
export type { ArmView, TaskSummary } from './view.ts';

export interface ArmOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** How many runs may run at a time. Default 2. */
  readonly concurrentRuns?: number;
  /** `Retry-After` of imports, in whole seconds. Default: none, so that clients keep their own poll interval. */
  readonly retryAfterSeconds?: number;
  /** Whether a run shows the `updateTriggerToken` it was asked for with. Default true. */
  readonly echoUpdateTriggerToken?: boolean;
  /** Every run's timeout is multiplied by it: the least that a request can ask for is five minutes. Default 1. */
  readonly timeoutScale?: number;
  /** JSON file that tasks and runs are kept in and read from at the start. Default: they end with the endpoint. */
  readonly stateFile?: string;
}

export interface ArmParts {
  readonly scope: AzureScope;
  readonly certificate: Certificate;
  readonly tokens: TokenAuthority;
  readonly registries: readonly LocalRegistry[];
  readonly runner: TaskRunner;
  /** Where the logs of runs go. */
  readonly storage: LogStorage;
  readonly clock?: Clock;
  readonly options?: ArmOptions;
}

export interface LocalArm extends Closeable {
  /** `https://localhost:PORT`. */
  readonly endpoint: string;
  readonly imports: ImportControls;
  readonly triggers: TriggerControls;
  readonly view: ArmView;
}

/** Serves Azure Resource Manager for the local registries. Closing it cancels runs and ends imports. */
export async function startArm(parts: ArmParts): Promise<LocalArm> {
  const { scope, certificate, tokens, options = {} } = parts;
  const clock = parts.clock ?? systemClock;
  const ca = await readFile(certificate.caFile, 'utf8');
  const transport = createTransport(ca);
  const imports = createImportControls();
  const operations = createImportOperations(clock, imports);
  const registries = new Map(parts.registries.map((registry) => [registry.name.toLowerCase(), registry]));
  const stores = openStores(parts, clock, ca);
  const { tasks, runs, logs } = stores;
  const queue = openQueue(parts, clock, registries, stores);
  const router = createRouter(routes);
  let state: ArmState | undefined;
  const server = await listen(
    (message, reply) =>
      void answer(message, reply, async () => {
        if (!state) throw new Error('The ARM endpoint is starting.');
        return dispatch(state, router, tokens, message);
      }),
    { certificate, part: 'the ARM endpoint', ...(options.port === undefined ? {} : { port: options.port }) },
  );
  const endpoint = `https://localhost:${server.port}`;
  state = {
    scope,
    endpoint,
    startedAt: clock.now(),
    clock,
    newId: randomUUID,
    registries,
    transport,
    retryAfter: options.retryAfterSeconds === undefined ? {} : { 'retry-after': String(options.retryAfterSeconds) },
    imports: operations,
    tasks,
    runs,
    queue,
    logs,
    echoUpdateTriggerToken: options.echoUpdateTriggerToken ?? true,
  };
  const triggers: TriggerControls = { fire: true, delayMs: 0 };
  const baseImages = createBaseImageTriggers(state, triggers, () => imports.fireTriggers);
  subscribe(registries.values(), baseImages);
  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    await server.close();
    await Promise.all([baseImages.close(), operations.close(), queue.close()]);
    await stores.close();
    transport.close();
  }
  return {
    endpoint,
    imports,
    triggers,
    view: createView(tasks, runs, logs),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

interface Stores extends Closeable {
  readonly tasks: TaskStore;
  readonly runs: RunStore;
  readonly logs: RunLogs;
}

function openStores({ registries, storage, options = {} }: ArmParts, clock: Clock, ca: string): Stores {
  const { stateFile } = options;
  const keeper =
    stateFile === undefined ? undefined : openKeeper(stateFile, () => ({ tasks: tasks.list(), runs: runs.list() }));
  const changed = () => keeper?.changed();
  const tasks = createTaskStore(keeper?.tasks ?? [], changed);
  const runs = createRunStore({
    clock,
    newId: randomUUID,
    registryNames: registries.map(({ name }) => name),
    kept: keeper?.runs ?? [],
    changed,
  });
  const logs = createRunLogs(storage, ca, clock);
  return {
    tasks,
    runs,
    logs,
    async close() {
      await Promise.all([logs.close(), keeper?.close()]);
    },
  };
}

function openQueue(
  { runner, certificate, options = {} }: ArmParts,
  clock: Clock,
  registries: ReadonlyMap<string, LocalRegistry>,
  { tasks, runs, logs }: Stores,
): RunQueue {
  const timeoutScale = options.timeoutScale ?? 1;
  const execution = { clock, runner, registries, caFile: certificate.caFile, runs, tasks, logs, timeoutScale };
  return createRunQueue({
    clock,
    runs,
    logs,
    concurrency: options.concurrentRuns ?? 2,
    execute: (run, work, signal) => execute(execution, run, work, signal),
  });
}
