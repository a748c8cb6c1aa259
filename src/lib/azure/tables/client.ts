import type { NamedKeyCredential, TableClient, TableServiceClientOptions } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { deadlinePolicy } from '../deadlines.ts';
import { failure } from './access.ts';

export interface TablesOptions {
  /** `https://ACCOUNT.table.core.windows.net`, or `https://HOST:PORT/ACCOUNT`. */
  readonly endpoint: string;
  readonly credential: TokenCredential | NamedKeyCredential;
  /** What the tables' names begin with, default `sluice`. Letters and digits, beginning with a letter. */
  readonly prefix?: string;
  readonly client?: TableServiceClientOptions;
}

export interface Tables {
  /** `sluiceTags`: one partition for each tracked tag. */
  readonly tags: TableClient;
  /** `sluiceVerdicts`: one partition for each digest. */
  readonly verdicts: TableClient;
  /** `sluiceIndex`: lists of runs and of tags, cursors, and holds of images. */
  readonly index: TableClient;
}

/** Names only; nothing is asked of the service. */
export async function openTables(options: TablesOptions): Promise<Tables> {
  const { TableClient } = await import('../sdk/tables.ts');
  const { endpoint, prefix = 'sluice' } = options;
  const credential = options.credential as TokenCredential;
  const additionalPolicies = [deadlinePolicy, ...(options.client?.additionalPolicies ?? [])];
  const client = { ...options.client, additionalPolicies };
  const open = (name: string) => new TableClient(endpoint, prefix + name, credential, client);
  return { tags: open('Tags'), verdicts: open('Verdicts'), index: open('Index') };
}

/** Creates the tables where there are none. On Azure the infrastructure does that. */
export async function ensureTables(tables: Tables): Promise<void> {
  await Promise.all(
    [tables.tags, tables.verdicts, tables.index].map((table) =>
      table.createTable().catch((cause: unknown) => {
        throw failure('create table', table.tableName, cause);
      }),
    ),
  );
}
