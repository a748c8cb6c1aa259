import { maskSecrets } from '../http/mask.ts';

/**
 * The same error without credentials, for the host's log: an SDK's error can carry the whole request, so neither its
 * fields nor its cause go along.
 */
export function safeError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(maskSecrets(String(error)));
  const safe = new Error(maskSecrets(error.message));
  safe.name = error.name;
  if (error.stack !== undefined) safe.stack = maskSecrets(error.stack);
  return safe;
}
