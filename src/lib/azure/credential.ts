import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
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
    const { DefaultAzureCredential } = await import('./sdk/identity.ts');
    const { identityClientId } = settings;
    return new DefaultAzureCredential(identityClientId ? { managedIdentityClientId: identityClientId } : {});
  }

  async function fetchToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken | null> {
    inner ??= load();
    // The deadline of whoever asks first must not end the token of all others.
    return (await inner).getToken(scopes, options && without(options));
  }

  return {
    async getToken(scopes, options) {
      // A claims challenge asks for another token than the one that was refused.
      if (options?.claims !== undefined) return fetchToken(scopes, options);
      const key = `${options?.tenantId ?? ''} ${[scopes].flat().join(' ')}`;
      const token = await known.get(key)?.catch(() => null);
      if (token && token.expiresOnTimestamp - margin > Date.now()) return token;
      return renew(key, scopes, options);
    },
  };

  async function renew(key: string, scopes: string | string[], options?: GetTokenOptions) {
    const token = fetchToken(scopes, options);
    known.set(key, token);
    return token;
  }
}

function without({ abortSignal: _, ...rest }: GetTokenOptions): GetTokenOptions {
  return rest;
}
