/** Why a registry could not be asked. Never shown as a change, and never as its absence. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known (ENOTFOUND)',
  EAI_AGAIN: 'its name cannot be looked up now (EAI_AGAIN)',
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  EHOSTUNREACH: 'it cannot be reached (EHOSTUNREACH)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody we trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody we trust',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody we trust',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** What a request failed with, in words. `deadline` in milliseconds. */
export function explainError(error: unknown, deadline: number): string {
  const { name, message, code } = (error ?? {}) as { name?: string; message?: string; code?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return `no answer within ${deadline / 1000} s`;
  // Node tries all addresses of a name, and gathers what each said.
  const first = error instanceof AggregateError ? (error.errors[0] as { code?: unknown } | undefined) : undefined;
  const known = typeof code === 'string' ? code : first?.code;
  return (typeof known === 'string' ? (meanings[known] ?? known) : message) || String(error);
}
