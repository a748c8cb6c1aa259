/** One entity-group transaction: all of it, or nothing. */
import type { TableClient, TransactionAction } from '@azure/data-tables';
import { failure, isConflict, isMissingRow, readRow } from './access.ts';

/** The service's bound. A change is never split: half of it could be seen. */
export const mostRows = 100;

export interface Written {
  /** The guard's new ETag, where the service told it. */
  readonly etag: string | undefined;
}

/**
 * Sends the actions, which are all of one partition. `conflict`: a row that was guarded by its ETag, or had to be new,
 * is not as expected; nothing was written. A row to delete that is not there is no obstacle: the service refuses the
 * whole batch for it, which then goes again without. `guard` is the row key whose new ETag is wanted.
 */
export async function transact(
  table: TableClient,
  actions: readonly TransactionAction[],
  guard: string,
): Promise<Written | 'conflict'> {
  const partition = actions[0]?.[1].partitionKey ?? '';
  const target = `${table.tableName}/${partition}`;
  if (actions.length > mostRows) {
    throw new RangeError(
      `Cannot write ${actions.length} rows of ${target} at once: one transaction holds ${mostRows}.`,
    );
  }
  try {
    const answer = await table.submitTransaction([...actions]);
    const etag = answer.getResponseForEntity(guard)?.etag ?? answer.subResponses.find((part) => part.etag)?.etag;
    return { etag };
  } catch (cause) {
    if (isConflict(cause)) return 'conflict';
    if (!isMissingRow(cause)) throw failure('write rows of', target, cause);
    const possible = await withoutMissing(table, actions);
    // Nothing was to be deleted that is not there: it is the guarded row that is gone.
    if (possible.length === actions.length) return 'conflict';
    return possible.length === 0 ? { etag: undefined } : transact(table, possible, guard);
  }
}

async function withoutMissing(table: TableClient, actions: readonly TransactionAction[]): Promise<TransactionAction[]> {
  const there = await Promise.all(
    actions.map(async ([kind, { partitionKey, rowKey }]) => {
      if (kind !== 'delete') return true;
      return (await readRow(table, partitionKey, rowKey)).row !== undefined;
    }),
  );
  return actions.filter((_, i) => there[i]);
}

/** Deletes rows of one partition, a hundred at a time. Ones that are gone are fine. */
export async function deleteRows(table: TableClient, partitionKey: string, rowKeys: readonly string[]): Promise<void> {
  for (let from = 0; from < rowKeys.length; from += mostRows) {
    const actions = rowKeys
      .slice(from, from + mostRows)
      .map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }]);
    await transact(table, actions, '');
  }
}
