/** What went wrong and, where the error carries it, what to do about it: one text for a log, an answer or a record. */
export function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const advice = (error as { details?: { advice?: unknown } } | null | undefined)?.details?.advice;
  return typeof advice === 'string' ? `${message}. ${advice}` : message;
}
