import type { TokenCredential } from '@azure/identity';
import type { Settings } from './settings.ts';

type Service = 'queue' | 'blob';

/** How a storage account is reached: a connection string, or a service URL and an identity. */
export type StorageConnection =
  | { readonly kind: 'connectionString'; readonly value: string }
  | { readonly kind: 'identity'; readonly url: string; readonly clientId: string | undefined };

const prefixed = (name: string): string => (/^AzureWebJobs/i.test(name) ? name : `AzureWebJobs${name}`);

/**
 * `connection` names app settings: NAME or AzureWebJobsNAME holds a connection string; NAME__queueServiceUri,
 * NAME__serviceUri or NAME__accountName asks for an identity (NAME__clientId selects a user-assigned one).
 */
export function resolveConnection(
  settings: Settings,
  connection: string,
  service: Service,
): StorageConnection | { readonly error: string } {
  for (const name of [prefixed(connection), connection]) {
    const value = settings.get(name);
    if (value) return { kind: 'connectionString', value };
    const account = settings.get(`${name}__accountName`);
    const url =
      settings.get(`${name}__${service}ServiceUri`) ??
      settings.get(`${name}__serviceUri`) ??
      (account && `https://${account}.${service}.core.windows.net`);
    if (url) return { kind: 'identity', url, clientId: settings.get(`${name}__clientId`) };
  }
  return {
    error: `Storage account connection string '${prefixed(connection)}' does not exist. Make sure that it is a defined App Setting.`,
  };
}

const credentials = new Map<string, Promise<TokenCredential>>();

/** One credential an identity, so that its token is fetched once. The SDK is loaded only when one is needed. */
export function credentialFor(clientId: string | undefined): Promise<TokenCredential> {
  const key = clientId ?? '';
  const known = credentials.get(key);
  if (known) return known;
  const created = import('@azure/identity').then(
    ({ DefaultAzureCredential }) => new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {}),
  );
  credentials.set(key, created);
  return created;
}
