/** The two stores that must keep the same promises: in memory, and on Table Storage (a real Azurite, real SDK client). */
import { createRequire } from 'node:module';
import { AzureNamedKeyCredential } from '@azure/data-tables';
import { afterAll, beforeAll } from 'vitest';
import type { Tables } from '../../src/lib/azure/tables/client.ts';
import { ensureTables, openTables } from '../../src/lib/azure/tables/client.ts';
import { tableHistory } from '../../src/lib/azure/tables/history.ts';
import { tableRetention } from '../../src/lib/azure/tables/retention.ts';
import { tableRunIndex } from '../../src/lib/azure/tables/run-index.ts';
import { tableCursors, tableImageHolds } from '../../src/lib/azure/tables/settings.ts';
import { tableStore } from '../../src/lib/azure/tables/store.ts';
import { tableVerdicts } from '../../src/lib/azure/tables/verdicts.ts';
import type { History, Retention } from '../../src/lib/pipeline/history.ts';
import type { Cursors, ImageHolds, RunIndex, Store, Verdicts } from '../../src/lib/pipeline/record.ts';
import { memoryHistory, memoryRetention } from '../simulation/memory-history.ts';
import { memoryCursors, memoryImageHolds, memoryIndex, memoryVerdicts } from '../simulation/memory-index.ts';
import { memoryState, memoryStore } from '../simulation/memory-store.ts';
import { type Counter, countRequests } from './counting.ts';

export interface World {
  readonly store: Store;
  readonly verdicts: Verdicts;
  readonly index: RunIndex;
  readonly cursors: Cursors;
  readonly holds: ImageHolds;
  readonly history: History;
  readonly retention: Retention;
}

export interface TableWorld extends World {
  readonly tables: Tables;
  readonly counter: Counter;
}

export const worlds: readonly { readonly name: string; start(): () => Promise<World> }[] = [
  { name: 'in memory', start: () => () => Promise.resolve(memoryWorld()) },
  { name: 'on Table Storage', start: startTables },
];

function memoryWorld(): World {
  const state = memoryState();
  return {
    store: memoryStore(state, Date.now),
    verdicts: memoryVerdicts(state, Date.now),
    index: memoryIndex(state, Date.now),
    cursors: memoryCursors(state),
    holds: memoryImageHolds(state),
    history: memoryHistory(state, Date.now),
    retention: memoryRetention(state),
  };
}

interface TableServer {
  readonly httpServer: { address(): { readonly port: number } };
  start(): Promise<void>;
  close(): Promise<void>;
}

const account = 'devstoreaccount1';
/** Azurite's published key. */
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** One Azurite for the file, fresh tables for each call. */
export function startTables(): () => Promise<TableWorld> {
  let server: TableServer;
  let count = 0;
  beforeAll(async () => {
    const require = createRequire(import.meta.url);
    const { default: Server } = require('azurite/dist/src/table/TableServer.js');
    const { default: Configuration } = require('azurite/dist/src/table/TableConfiguration.js');
    const inMemory = [false, false, undefined, undefined, false, true, '', '', '', undefined, false, true];
    server = new Server(new Configuration('127.0.0.1', 0, 5, '', ...inMemory));
    await server.start();
  });
  afterAll(() => server.close());
  return async () => {
    const { counter, policy } = countRequests();
    const tables = await openTables({
      endpoint: `http://127.0.0.1:${server.httpServer.address().port}/${account}`,
      credential: new AzureNamedKeyCredential(account, key),
      prefix: `test${++count}`,
      client: { allowInsecureConnection: true, additionalPolicies: [policy] },
    });
    await ensureTables(tables);
    return {
      tables,
      counter,
      store: tableStore(tables),
      verdicts: tableVerdicts(tables),
      index: tableRunIndex(tables),
      cursors: tableCursors(tables),
      holds: tableImageHolds(tables),
      history: tableHistory(tables),
      retention: tableRetention(tables),
    };
  };
}
