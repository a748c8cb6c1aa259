/** Why a registry could not be asked. Never shown as a change, and never as its absence. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known (ENOTFOUND)',
  EAI_AGAIN: 'its name cannot be looked up now (EAI_AGAIN)',
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  UND_ERR_SOCKET: 'the connection broke (UND_ERR_SOCKET)',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time (UND_ERR_CONNECT_TIMEOUT)',
};

/** What `fetch` rejects with, in words: its own message says only "fetch failed". */
export function explainFetchError(error: unknown, deadline: number): string {
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return `no answer within ${deadline / 1000} s`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return meanings[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}
