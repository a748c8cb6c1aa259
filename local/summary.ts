import type { LocalAzure } from './index.ts';

/** What `npm run local -- --json` prints, in one line, for scripts. URLs have no final slash. */
export interface LocalSummary {
  readonly arm?: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly registries: readonly {
    readonly name: string;
    readonly loginServer: string;
    readonly endpoint: string;
    readonly resourceId: string;
    readonly username: string;
    readonly password: string;
  }[];
  /** The file for NODE_EXTRA_CA_CERTS. */
  readonly ca: string;
  readonly identity: { readonly endpoint: string; readonly header: string };
  readonly storage?: {
    readonly blob: string;
    readonly queue: string;
    readonly table: string;
    readonly connectionString: string;
  };
  /** The control endpoint of events. */
  readonly events?: string;
  readonly functions?: string;
  /** The host's key: it opens every function, but none of level `admin`. */
  readonly functionsKey?: string;
  readonly page?: string;
}

export function summarise(azure: LocalAzure): LocalSummary {
  const { scope, registries, certificate, identity, has } = azure;
  return {
    ...(has('arm') ? { arm: azure.arm.endpoint } : {}),
    subscription: scope.subscription,
    resourceGroup: scope.resourceGroup,
    registries: [...registries.values()].map(({ name, loginServer, endpoint, resourceId, admin }) => ({
      name,
      loginServer,
      endpoint,
      resourceId,
      ...admin,
    })),
    ca: certificate.caFile,
    identity: { endpoint: identity.endpoint, header: identity.header },
    ...(has('storage') ? { storage: storageOf(azure) } : {}),
    ...(has('events') ? { events: azure.events.control } : {}),
    ...(has('functions') ? { functions: azure.functions.endpoint, functionsKey: azure.functions.keys.host } : {}),
    ...(has('page') ? { page: azure.page.endpoint } : {}),
  };
}

function storageOf({ storage }: LocalAzure) {
  const { blob, queue, table, connectionString } = storage;
  return { blob, queue, table, connectionString };
}
