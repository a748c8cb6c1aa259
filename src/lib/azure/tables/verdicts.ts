import type { TableClient } from '@azure/data-tables';
import type { Verdict } from '../../pipeline/model.ts';
import type { Verdicts } from '../../pipeline/record.ts';
import type { Row } from './access.ts';
import { etagOf, failure, isConflict, isMissingRow, readRow, readValue, timestampOf, writeValue } from './access.ts';
import type { Tables } from './client.ts';
import { encodePart } from './key.ts';
import { layouts } from './layouts.ts';

/** What validation said of a digest, in the digest's own partition, guarded by its own ETag. */
export function tableVerdicts({ verdicts }: Pick<Tables, 'verdicts'>): Verdicts {
  return {
    async get(digest, validation) {
      const { row, at } = await readRow(verdicts, encodePart(digest), encodePart(validation));
      if (!row) return { value: undefined, at };
      return { value: verdictOf(verdicts, row), etag: row.etag, at };
    },
    async put(verdict, etag) {
      const partition = encodePart(verdict.digest);
      const row = writeValue(layouts.verdict, partition, encodePart(verdict.validation), verdict);
      try {
        const answer =
          etag === undefined ? await verdicts.createEntity(row) : await verdicts.updateEntity(row, 'Replace', { etag });
        return etagOf(answer.etag, 'write verdict of', verdict.digest);
      } catch (cause) {
        if (isConflict(cause) || (etag !== undefined && isMissingRow(cause))) return undefined;
        throw failure('write verdict', `${verdicts.tableName}/${partition}/${row.rowKey}`, cause);
      }
    },
  };
}

export function verdictOf(table: TableClient, row: Row): Verdict {
  return { ...readValue(table, layouts.verdict, row), changedAt: timestampOf(row) };
}
