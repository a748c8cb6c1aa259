/** A row that a newer release wrote. That is a wait until this one has been replaced, and no fault of the row. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';
  /** Table, partition and row. */
  readonly row: string;
  readonly schema: number;

  constructor(row: string, schema: number, known: number) {
    super(
      `Row ${row} has schema ${schema}; this release reads up to ${known}. It waits until the newer release is everywhere.`,
    );
    this.row = row;
    this.schema = schema;
  }
}
