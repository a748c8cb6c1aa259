import type { TableClient, TransactionAction } from '@azure/data-tables';
import type { RunSummary } from '../../pipeline/history.ts';
import { summaryOf } from '../../pipeline/history.ts';
import type { Instant } from '../../pipeline/model.ts';
import type { ActiveRow, RunIndex } from '../../pipeline/record.ts';
import type { Row } from './access.ts';
import { failure, filterOf, isMissingRow, pages, readValue, timestampOf, writeValue } from './access.ts';
import type { Tables } from './client.ts';
import { activeRange, activeRunKey, endedRunKey, listKeys, runsPartition } from './index-rows.ts';
import { layouts } from './layouts.ts';
import { transact } from './transaction.ts';

/** Which runs are active, and the lists of those that ended. Each call but `active` is one request. */
export function tableRunIndex({ index }: Pick<Tables, 'index'>): RunIndex {
  return {
    async add(row) {
      const entity = writeValue(layouts.active, runsPartition, activeRunKey(row.run), row);
      await index.upsertEntity(entity, 'Replace').catch((cause: unknown) => {
        throw failure('index run', row.run, cause);
      });
    },
    async end(run) {
      const summary = summaryOf(run);
      await transact(index, [removeActive(run.id), ...endedRows(summary)], endedRunKey(run.id));
    },
    async drop(run) {
      await index.deleteEntity(runsPartition, activeRunKey(run)).catch((cause: unknown) => {
        if (!isMissingRow(cause)) throw failure('remove run from index', run, cause);
      });
    },
    active: () => readActive(index),
  };
}

function removeActive(run: string): TransactionAction {
  return ['delete', { partitionKey: runsPartition, rowKey: activeRunKey(run) }];
}

function endedRows(run: RunSummary): TransactionAction[] {
  return [endedRunKey(run.id), ...listKeys(run)].map((rowKey) => [
    'upsert',
    writeValue(layouts.summary, runsPartition, rowKey, run),
    'Replace',
  ]);
}

/** One request for each thousand. */
export async function readActive(index: TableClient): Promise<{ rows: readonly ActiveRow[]; at: Instant }> {
  const rows: ActiveRow[] = [];
  let at: Instant | undefined;
  for await (const page of pages(index, filterOf(activeRange))) {
    rows.push(...page.rows.map((row) => activeOf(index, row)));
    at ??= page.at;
  }
  return { rows, at: at ?? Number.NaN };
}

function activeOf(index: TableClient, row: Row): ActiveRow {
  return { ...readValue(index, layouts.active, row), since: timestampOf(row) };
}
