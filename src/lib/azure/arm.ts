import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { TokenCredential } from '@azure/identity';
import { retryPolicy } from './retry-policy.ts';
import type { AzureSettings } from './settings.ts';
import { Throttle } from './throttle.ts';

/** ARM clients, one for each subscription, because ARM counts requests by subscription. Loaded at first use. */
export class ArmClients {
  readonly #clients = new Map<string, Promise<ContainerRegistryManagementClient>>();
  readonly #settings: AzureSettings;
  readonly #credential: TokenCredential;

  constructor(settings: AzureSettings, credential: TokenCredential) {
    this.#settings = settings;
    this.#credential = credential;
  }

  of(subscription: string): Promise<ContainerRegistryManagementClient> {
    let client = this.#clients.get(subscription);
    if (client === undefined) {
      client = this.#create(subscription);
      this.#clients.set(subscription, client);
    }
    return client;
  }

  async #create(subscription: string): Promise<ContainerRegistryManagementClient> {
    const { ContainerRegistryManagementClient } = await import('./sdk/arm.ts');
    return new ContainerRegistryManagementClient(this.#credential, subscription, {
      endpoint: this.#settings.armEndpoint,
      credentialScopes: this.#settings.armScope,
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [{ policy: retryPolicy(new Throttle()), position: 'perRetry' }],
    });
  }
}
