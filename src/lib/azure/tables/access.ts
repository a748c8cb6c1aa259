/** One request to a table each, with the service's own time of the answer, and what goes wrong in our words. */
import type { GetTableEntityOptions, TableClient } from '@azure/data-tables';
import { ZodError } from 'zod';
import { messageOf, nextForStatus, PortError } from '../../pipeline/errors.ts';
import type { Instant } from '../../pipeline/model.ts';
import { NewerSchema } from '../../pipeline/newer-schema.ts';
import { explainCall } from '../deadlines.ts';
import type { Columns, Layout } from './columns.ts';

/**
 * The shape of the rows that this release writes. Readers ignore columns they do not know, and lose them when they
 * write such a row again: a release that adds a column which older ones must not lose raises this. Rows of this schema
 * and all before it are read; those of a newer one make whoever needs them wait (`NewerSchema`).
 */
export const schema = 2;

export interface Row extends Columns {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly etag: string;
  readonly timestamp: string;
}

/** Row keys from `from` up to, but without, `to`. */
export interface Range {
  readonly partition: string;
  readonly from: string;
  readonly to: string;
}

export interface Page {
  readonly rows: readonly Row[];
  /** The service's Date header: whole seconds, rounded down. */
  readonly at: Instant;
  readonly more: boolean;
}

export const largestPage = 1000;

/** Keys have been encoded, so that none of them can end the quotes. */
export function filterOf({ partition, from, to }: Range): string {
  return `PartitionKey eq '${partition}' and RowKey ge '${from}' and RowKey lt '${to}'`;
}

/** One request a page. */
export async function* pages(table: TableClient, filter: string, size = largestPage): AsyncGenerator<Page> {
  const clock = dateOf();
  const iterator = table
    .listEntities<Columns>({ queryOptions: { filter }, onResponse: clock.onResponse })
    .byPage({ maxPageSize: size });
  try {
    for await (const page of iterator) {
      yield { rows: page as unknown as Row[], at: clock.at(), more: page.continuationToken !== undefined };
    }
  } catch (cause) {
    throw failure('read rows of', `${table.tableName} (${filter})`, cause);
  }
}

/** The first rows of the range, `most` of them. The service may cut a page short at any row. */
export async function firstRows(table: TableClient, range: Range, most: number): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages(table, filterOf(range), Math.min(most, largestPage))) {
    rows.push(...page.rows);
    if (rows.length >= most) break;
  }
  return rows.slice(0, most);
}

export async function allRows(table: TableClient, range: Range): Promise<Row[]> {
  return firstRows(table, range, Number.POSITIVE_INFINITY);
}

export async function readRow(
  table: TableClient,
  partition: string,
  rowKey: string,
): Promise<{ readonly row: Row | undefined; readonly at: Instant }> {
  const clock = dateOf();
  try {
    const row = await table.getEntity<Columns>(partition, rowKey, { onResponse: clock.onResponse });
    return { row: row as unknown as Row, at: clock.at() };
  } catch (cause) {
    if (isMissingRow(cause)) return { row: undefined, at: clock.at(cause) };
    throw failure('read row', `${table.tableName}/${partition}/${rowKey}`, cause);
  }
}

export function readValue<T>(table: TableClient, layout: Layout<T>, row: Row): T {
  const name = `${table.tableName}/${row.partitionKey}/${row.rowKey}`;
  const written = row.schema;
  if (typeof written === 'number' && written > schema) throw new NewerSchema(name, written, schema);
  try {
    return layout.read(row);
  } catch (cause) {
    const why = cause instanceof ZodError ? cause.issues.map(sayIssue).join('; ') : messageOf(cause);
    throw new PortError(
      why,
      {
        operation: 'read row',
        target: name,
        next: 'stall',
        advice: 'Sluice never writes such a row. Correct it, or remove it, in the portal.',
      },
      { cause },
    );
  }
}

function sayIssue({ path, message }: ZodError['issues'][number]): string {
  return `${path.join('.')}: ${message}`;
}

export function writeValue<T>(layout: Layout<T>, partitionKey: string, rowKey: string, value: T) {
  return { ...layout.write(value), schema, partitionKey, rowKey };
}

/** A write whose answer lacks its ETag has landed all the same: who reads again recognises it. */
export function etagOf(etag: string | undefined, operation: string, target: string): string {
  if (etag) return etag;
  throw new PortError('the answer has no ETag', { operation, target, next: 'retry' });
}

export function timestampOf(row: Row): Instant {
  return Date.parse(row.timestamp);
}

function dateOf() {
  let header: string | undefined;
  const onResponse: NonNullable<GetTableEntityOptions['onResponse']> = (raw) => {
    header = raw.headers.get('date') ?? undefined;
  };
  const at = (error?: unknown): Instant => {
    const response = (error as { response?: { headers?: { get(name: string): string | undefined } } } | undefined)
      ?.response;
    const instant = Date.parse(response?.headers?.get('date') ?? header ?? '');
    if (!Number.isNaN(instant)) return instant;
    throw new PortError('the answer has no Date header', {
      operation: 'tell the time of',
      target: 'Table Storage',
      next: 'retry',
    });
  };
  return { onResponse, at };
}

export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** The service's own word for what went wrong, e.g. `TableNotFound`. */
export function codeOf(error: unknown): string | undefined {
  const { code, details } = (error ?? {}) as { code?: unknown; details?: { odataError?: { code?: unknown } } };
  const said = details?.odataError?.code ?? code;
  return typeof said === 'string' ? said : undefined;
}

export function isMissingRow(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'TableNotFound';
}

/** The row is there already, or is not as it was read. */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 412 || (statusOf(error) === 409 && codeOf(error) === 'EntityAlreadyExists');
}

export function failure(operation: string, target: string, cause: unknown): PortError {
  if (cause instanceof PortError) return cause;
  const status = statusOf(cause);
  const advice = adviceFor(status);
  return new PortError(
    [status, codeOf(cause), explainCall(cause).split('\n', 1)[0]].filter((part) => part !== undefined).join(' '),
    { operation, target, next: nextForStatus(status), ...(advice ? { advice } : {}) },
    { cause },
  );
}

function adviceFor(status: number | undefined): string | undefined {
  if (status === 404) return 'Create the tables: deploy the infrastructure again.';
  if (status === 401 || status === 403) return 'Give the app the role Storage Table Data Contributor on the account.';
  return undefined;
}
