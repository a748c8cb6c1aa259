import { readFile } from 'node:fs/promises';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import type { LocalRegistry } from '../contracts.ts';
import type { LocalAzure } from '../index.ts';

/** The people of the story: they push images and make tasks with the same SDKs that anybody uses on Azure. */
export interface Clients {
  readonly arm: ContainerRegistryManagementClient;
  content(registry: LocalRegistry, repository: string): ContainerRegistryContentClient;
}

export async function openClients(azure: LocalAzure): Promise<Clients> {
  // The clients read it, their types do not say so; this process may have been started without NODE_EXTRA_CA_CERTS.
  const trust = { tlsOptions: { ca: await readFile(azure.certificate.caFile, 'utf8') } } as object;
  const credential = {
    async getToken(scopes: string | string[]) {
      const [scope = ''] = [scopes].flat();
      const token = await azure.identity.issue(scope.replace(/\/\.default$/, ''));
      return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  const { subscription } = azure.scope;
  return {
    arm: new ContainerRegistryManagementClient(credential, subscription, { ...trust, endpoint: azure.arm.endpoint }),
    content: ({ endpoint }, repository) => new ContainerRegistryContentClient(endpoint, repository, credential, trust),
  };
}
