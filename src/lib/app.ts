/**
 * The composition root: the one place where the pipeline's ports meet what implements them on Azure. SDK clients are
 * loaded when they are first used, so that a cold start pays only for what it needs.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCatalogFile } from './app-folder.ts';
import { createCredential } from './azure/credential.ts';
import { createAzurePorts } from './azure/ports.ts';
import { openQueue, storageQueue } from './azure/queue.ts';
import { logLink } from './azure/run-log.ts';
import { type AzureSettings, parseAzureSettings } from './azure/settings.ts';
import { openTables } from './azure/tables/client.ts';
import { tableHistory } from './azure/tables/history.ts';
import { tableRetention } from './azure/tables/retention.ts';
import { tableRunIndex } from './azure/tables/run-index.ts';
import { tableCursors, tableImageHolds } from './azure/tables/settings.ts';
import { tableStore } from './azure/tables/store.ts';
import { tableVerdicts } from './azure/tables/verdicts.ts';
import { loadCatalog } from './catalog/load.ts';
import type { Catalog } from './catalog/model.ts';
import { formatProblem } from './catalog/problem.ts';
import type { Settings } from './catalog/settings.ts';
import { messageOf } from './pipeline/errors.ts';
import type { History, Retention } from './pipeline/history.ts';
import { type Periods, parsePeriods } from './pipeline/periods.ts';
import type { Clock, Ids, Journal, Queue } from './pipeline/ports.ts';
import { newRunId } from './pipeline/run-id.ts';
import type { Pipeline } from './pipeline/session.ts';
import { findCredentials } from './upstream/credentials.ts';
import { createUpstreamReader } from './upstream/reader.ts';
import { parseUpstreamSettings, type UpstreamSettings } from './upstream/settings.ts';

export { parseMessage } from './azure/queue.ts';

export interface App {
  readonly catalog: Catalog;
  /** `journal`: where this invocation tells of its transitions. */
  pipeline(journal: Journal): Promise<Pipeline>;
  history(): Promise<History>;
  retention(): Promise<Retention>;
  /** A link to the log of a task run of the buffer, good for a short while; undefined where there is no log any more. */
  logLink(taskRun: string): Promise<string | undefined>;
}

/** The app cannot work as it is set up. `problems` has everything that is wrong, each with what was expected. */
export class WrongSetup extends Error {
  override readonly name = 'WrongSetup';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `Sluice cannot start: ${problems.length} problem${problems.length === 1 ? '' : 's'}.\n${problems.join('\n')}`,
    );
    this.problems = problems;
  }
}

let opened: { readonly app: App } | { readonly wrong: unknown } | undefined;

/** The app of this process, by its app settings. What is wrong with it is said at each call. */
export function theApp(): App {
  opened ??= tried(() => openApp(process.env));
  if ('wrong' in opened) throw opened.wrong;
  return opened.app;
}

function tried(open: () => App): NonNullable<typeof opened> {
  try {
    return { app: open() };
  } catch (wrong) {
    return { wrong };
  }
}

export function openApp(settings: Settings): App {
  const { catalog, azure, state, upstream, periods } = readSetup(settings);
  const credential = createCredential(azure);
  const tables = once(() => openTables({ credential, endpoint: state.tables }));
  const queue = lazyQueue(once(async () => storageQueue(await openQueue({ credential, endpoint: state.queues }))));
  const { buffer } = catalog;
  const onAzure = createAzurePorts({
    settings: azure,
    credential,
    buffer,
    tools: catalog.tools.dockerCli,
    upstreamCredentials: (name) => findCredentials(name, settings),
    clock,
  });
  const { tags, reader, mover, remover, importer, validations, tasks, arm } = onAzure;
  const ports = {
    catalog,
    periods,
    queue,
    upstream: createUpstreamReader({ settings: upstream, azure: tags }),
    buffer: reader,
    mover,
    remover,
    importer,
    validations,
    dependents: tasks,
    clock,
    ids,
  };
  return {
    catalog,
    async pipeline(journal) {
      const open = await tables();
      return {
        ...ports,
        store: tableStore(open),
        verdicts: tableVerdicts(open),
        index: tableRunIndex(open),
        cursors: tableCursors(open),
        imageHolds: tableImageHolds(open),
        journal,
      };
    },
    history: async () => tableHistory(await tables()),
    retention: async () => tableRetention(await tables()),
    logLink: (taskRun) => logLink(arm, buffer, taskRun, `${buffer.name}/${taskRun}`),
  };
}

interface Setup {
  readonly catalog: Catalog;
  readonly azure: AzureSettings;
  /** Endpoints. */
  readonly state: { readonly tables: string; readonly queues: string };
  readonly upstream: UpstreamSettings;
  readonly periods: Periods;
}

/** Everything that is wrong is said at once: one deployment each would be a long evening. */
function readSetup(settings: Settings): Setup {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push(...(error instanceof WrongSetup ? error.problems : [messageOf(error)]));
      return undefined;
    }
  };
  const catalog = attempt(() => readCatalog(settings));
  const azure = attempt(() => parseAzureSettings(settings));
  const state = attempt(() => stateOf(settings));
  const upstream = attempt(() => parseUpstreamSettings(settings));
  const periods = attempt(() => parsePeriods(settings));
  if (!catalog || !azure || !state || !upstream || !periods) throw new WrongSetup(problems);
  return { catalog, azure, state, upstream, periods };
}

function readCatalog(settings: Settings): Catalog {
  const { path, text, readFile } = readCatalogFile(settings);
  const result = loadCatalog({ file: path, text, readFile, settings });
  if (!result.ok) throw new WrongSetup(result.problems.map(formatProblem));
  return result.catalog;
}

/** Where state is kept has no default: everything else does. */
function stateOf(settings: Settings): Setup['state'] {
  const { SluiceState__tableServiceUri: tables, SluiceState__queueServiceUri: queues } = settings;
  if (tables && queues) return { tables: tables.replace(/\/+$/, ''), queues: queues.replace(/\/+$/, '') };
  const absent = [!tables && 'SluiceState__tableServiceUri', !queues && 'SluiceState__queueServiceUri'];
  throw new Error(
    `App settings: ${absent.filter((name) => name).join(' and ')} not set; expected the address of the storage account that keeps Sluice's state, as https://ACCOUNT.table.core.windows.net`,
  );
}

/** A failure is not kept: the next caller tries again. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opening: Promise<T> | undefined;
  return () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}

/** Many invocations send nothing: the SDK is loaded for those that do. */
function lazyQueue(open: () => Promise<Queue>): Queue {
  return { send: async (message, delay) => (await open()).send(message, delay) };
}

const clock: Clock = {
  monotonic: () => performance.now(),
  sleep: async (ms) => {
    await sleep(ms);
  },
};

const ids: Ids = {
  run: (at) => newRunId(at, randomBytes(4).readUInt32BE() / 2 ** 32),
  nonce: () => randomBytes(12).toString('base64url'),
};
