import type { ContainerRegistryClient, ContainerRegistryContentClient } from '@azure/container-registry';
import type { TokenCredential } from '@azure/identity';
import type { Repository } from '../image/names.ts';
import { putGuard } from './put-guard.ts';
import { retryPolicy } from './retry-policy.ts';
import type { AzureSettings } from './settings.ts';
import { Throttle } from './throttle.ts';

/** Clients kept at most, so that a thousand repositories do not fill the memory: each has a pipeline of its own. */
const mostClients = 96;

interface Kept<T> {
  readonly client: Promise<T>;
  /** Settles with the first call: whoever comes meanwhile waits, so that one token is fetched and not one a call. */
  first: Promise<unknown> | undefined;
}

/**
 * Clients of the registries' data planes, one for each repository: a client holds one token, and a token is good for one
 * repository, so that a shared client would fetch a token at each change of repository.
 */
export class RegistryClients {
  readonly #kept = new Map<string, Kept<unknown>>();
  readonly #throttles = new Map<string, Throttle>();
  readonly #settings: AzureSettings;
  readonly #credential: TokenCredential;

  constructor(settings: AzureSettings, credential: TokenCredential) {
    this.#settings = settings;
    this.#credential = credential;
  }

  /** Tags and their properties. */
  tags<T>(
    loginServer: string,
    repository: Repository,
    call: (client: ContainerRegistryClient) => Promise<T>,
  ): Promise<T> {
    return this.#use(`tags ${loginServer}/${repository}`, call, async () => {
      const { ContainerRegistryClient } = await import('./sdk/registry.ts');
      return new ContainerRegistryClient(`https://${loginServer}`, this.#credential, this.#options(loginServer));
    });
  }

  /** Manifests. Puts run below a guard: see put-guard.ts. */
  content<T>(
    loginServer: string,
    repository: Repository,
    call: (client: ContainerRegistryContentClient) => Promise<T>,
  ): Promise<T> {
    return this.#use(`content ${loginServer}/${repository}`, call, async () => {
      const { ContainerRegistryContentClient } = await import('./sdk/registry.ts');
      const options = this.#options(loginServer);
      return new ContainerRegistryContentClient(`https://${loginServer}`, repository, this.#credential, options);
    });
  }

  #options(loginServer: string) {
    return {
      audience: this.#settings.registryAudience,
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [
        { policy: retryPolicy(this.#throttle(loginServer)), position: 'perRetry' as const },
        { policy: putGuard, position: 'perRetry' as const },
      ],
    };
  }

  #throttle(loginServer: string): Throttle {
    const throttle = this.#throttles.get(loginServer) ?? new Throttle();
    this.#throttles.set(loginServer, throttle);
    return throttle;
  }

  async #use<C, T>(key: string, call: (client: C) => Promise<T>, create: () => Promise<C>): Promise<T> {
    const kept = this.#keep(key, create);
    if (kept.first !== undefined) {
      await kept.first;
      return call(await kept.client);
    }
    const first = kept.client.then(call);
    kept.first = first.catch(() => {
      kept.first = undefined;
    });
    return first;
  }

  /** The one used last goes last; the first in the map is the one to let go. */
  #keep<C>(key: string, create: () => Promise<C>): Kept<C> {
    const kept = (this.#kept.get(key) as Kept<C> | undefined) ?? { client: create(), first: undefined };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostClients && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }
}
