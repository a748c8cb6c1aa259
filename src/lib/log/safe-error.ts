import { maskSecrets } from '../http/mask.ts';
import { explain } from '../pipeline/errors.ts';

/**
 * The same error without credentials and with its advice, for the host's log: an SDK's error can carry the whole
 * request, so neither its fields nor its cause go along.
 */
export function safeError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(maskSecrets(String(error)));
  const said = explain(error);
  const safe = new Error(maskSecrets(said));
  safe.name = error.name;
  if (error.stack !== undefined) safe.stack = maskSecrets(error.stack.replace(error.message, () => said));
  return safe;
}
