/*
 * OData 4.01, URL conventions §5.1.1: a string literal stands in single quotes, and a quote in it is doubled. An instant
 * is written bare.
 */
function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

export function equal(property: 'TaskName' | 'Status', value: string): string {
  return `${property} eq ${literal(value)}`;
}

/** `instant` in milliseconds since 1970. */
export function since(property: 'CreateTime', instant: number): string {
  return `${property} ge ${new Date(instant).toISOString()}`;
}

export function both(...conditions: readonly string[]): string {
  return conditions.join(' and ');
}
