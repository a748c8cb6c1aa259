import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { AzureScope, Certificate, TokenAuthority } from '../contracts.ts';
import { listen } from '../listen.ts';
import { openAttributes } from './attributes.ts';
import { createAuthorizer } from './authorize.ts';
import { startBackend } from './backend.ts';
import { createDoor } from './door.ts';
import { createManifestReader } from './manifest-info.ts';
import { startNotifications } from './notifications.ts';
import { createProxy } from './proxy.ts';
import { createStore } from './store.ts';
import { createRegistryTokens } from './tokens.ts';
import { createView, type ViewedRegistry } from './view.ts';

export type { RegistryView, RepositoryView, TagView, ViewedRegistry } from './view.ts';

export interface RegistryOptions {
  /** 5 to 50 letters and digits, as ACR wants it. */
  readonly name: string;
  readonly scope: AzureScope;
  readonly certificate: Certificate;
  readonly authority: TokenAuthority;
  /** Where the registry's data lies. */
  readonly folder: string;
  /** The login server's port; a free one without it. */
  readonly port?: number;
  readonly now?: () => Date;
}

/** Starts a real docker-registry and the login server in front of it. */
export async function startRegistry(options: RegistryOptions): Promise<ViewedRegistry> {
  const { name, scope, certificate, authority, folder, now = () => new Date() } = options;
  if (!/^[a-zA-Z0-9]{5,50}$/.test(name)) {
    throw new Error(`Starting registry ${JSON.stringify(name)} failed: a name has 5 to 50 letters and digits.`);
  }
  const notifications = await startNotifications(name, (repository, tag) => store.tag(repository, tag));
  const [backend, attributes] = await Promise.all([
    startBackend({ name, folder, hook: notifications.url }),
    openAttributes(join(folder, 'attributes.json')),
  ]).catch(async (cause) => {
    await notifications.close();
    throw cause;
  });
  // The login server's port is part of its tokens, so it has to be known before there is anything to serve.
  let door: RequestListener = (_, response) => response.writeHead(503).end();
  const listening = await listen((request, response) => door(request, response), {
    certificate,
    part: `registry ${name}`,
    port: options.port ?? 0,
  }).catch(async (cause) => {
    await Promise.all([backend.close(), notifications.close()]);
    throw cause;
  });
  const loginServer = `localhost:${listening.port}`;
  const admin = { username: name, password: randomBytes(24).toString('base64url') };
  const tokens = createRegistryTokens(loginServer, now);
  const authorizer = createAuthorizer(loginServer, admin, tokens);
  const proxy = createProxy(backend.port);
  const store = createStore(backend.storage, join(folder, 'trash'));
  const describe = createManifestReader(store);
  door = createDoor({
    authorizer,
    proxy,
    oauth: { loginServer, tokens, authorizer, authority },
    metadata: {
      loginServer,
      store,
      attributes,
      describe,
      deleteManifest: async (repository, digest) =>
        (await proxy.call('DELETE', `/v2/${repository}/manifests/${digest}`)) === 202,
    },
  });
  return {
    name,
    loginServer,
    endpoint: `https://${loginServer}`,
    backend: `http://127.0.0.1:${backend.port}`,
    resourceId: `/subscriptions/${scope.subscription}/resourceGroups/${scope.resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${name}`,
    admin,
    view: createView(store, describe),
    onNotification: notifications.onNotification,
    asImport: notifications.asImport,
    close: async () => {
      await listening.close();
      proxy.close();
      await Promise.all([backend.close(), notifications.close()]);
    },
  };
}
