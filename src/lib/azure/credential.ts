import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
import { within } from './deadlines.ts';
import type { AzureSettings } from './settings.ts';

/** Tokens are renewed this long before they end. */
const margin = 5 * 60_000;

/**
 * The app's own identity: a managed identity on Azure, a developer's login elsewhere. The library is loaded at the first
 * token. Tokens are shared between all clients: each SDK client keeps its own, and there is one for each repository.
 */
export function createCredential(settings: Pick<AzureSettings, 'identityClientId'>): TokenCredential {
  const known = new Map<string, Promise<AccessToken | null>>();
  let inner: Promise<TokenCredential> | undefined;

  async function load(): Promise<TokenCredential> {
    const { DefaultAzureCredential, ManagedIdentityCredential } = await import('./sdk/identity.ts');
    const { identityClientId: clientId } = settings;
    // Where the platform offers an identity it is that one or none: the chain would go on to look for developers' tools.
    if (process.env.IDENTITY_ENDPOINT) return new ManagedIdentityCredential(clientId ? { clientId } : {});
    return new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
  }

  async function fetchToken(scopes: string | string[], options: GetTokenOptions): Promise<AccessToken | null> {
    inner ??= load();
    return (await inner).getToken(scopes, options);
  }

  /** The deadline of whoever asks first must not end the token that others wait for: it has one of its own. */
  function renew(key: string, scopes: string | string[], options: GetTokenOptions): Promise<AccessToken | null> {
    const abortSignal = within('read');
    const token = untilAborted(fetchToken(scopes, { ...options, abortSignal }), abortSignal);
    known.set(key, token);
    return token;
  }

  async function current(scopes: string | string[], options: GetTokenOptions): Promise<AccessToken | null> {
    // A claims challenge asks for another token than the one that was refused.
    if (options.claims !== undefined) return fetchToken(scopes, options);
    const key = `${options.tenantId ?? ''} ${[scopes].flat().join(' ')}`;
    const waiting = known.get(key);
    const token = await waiting?.catch(() => null);
    if (token && token.expiresOnTimestamp - margin > Date.now()) return token;
    // Of many that find it too old, the first renews it, and the others wait for that.
    const newer = known.get(key);
    return newer !== undefined && newer !== waiting ? newer : renew(key, scopes, options);
  }

  return {
    getToken: (scopes, options = {}) =>
      untilAborted(current(scopes, options), options.abortSignal as AbortSignal | undefined),
  };
}

/** The library does not heed a signal everywhere. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new DOMException('no token in time', 'AbortError'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
