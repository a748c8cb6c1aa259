import { performance } from 'node:perf_hooks';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import type { LocalRegistry } from '../../local/contracts.ts';
import { type LocalAzure, type LocalAzureOptions, startLocalAzure } from '../../local/index.ts';
import { createCredential } from '../../src/lib/azure/credential.ts';
import { type AzurePorts, createAzurePorts } from '../../src/lib/azure/ports.ts';
import { parseAzureSettings } from '../../src/lib/azure/settings.ts';
import type { Registry } from '../../src/lib/catalog/model.ts';
import { parseDigest } from '../../src/lib/image/digest.ts';
import { parseRepository, parseTag } from '../../src/lib/image/names.ts';
import { findCredentials } from '../../src/lib/upstream/credentials.ts';

export const repository = parseRepository;
export const tag = parseTag;
export const digest = parseDigest;

/** Far enough ahead for any test. */
export const soon = () => performance.now() + 60_000;

export interface AzureFixture {
  readonly azure: LocalAzure;
  readonly buffer: Registry;
  readonly dev: Registry;
  readonly ports: AzurePorts;
  /** The SDK, as anybody else may use it. */
  content(registry: 'buffer' | 'dev', repository: string): ContainerRegistryContentClient;
  /** Ports like the others, with something different about them. */
  portsWith(changes: PortChanges): AzurePorts;
  close(): Promise<void>;
}

export interface PortChanges {
  readonly buffer?: Registry;
  readonly upstream?: Readonly<Record<string, string>>;
  readonly armEndpoint?: string;
  readonly tools?: string;
}

/** A whole local Azure, and the ports of production code on it. */
export async function startAzure(
  options: Pick<LocalAzureOptions, 'arm' | 'without' | 'state'> = {},
): Promise<AzureFixture> {
  const azure = await startLocalAzure({ ...options, registries: ['contosobaseimages', 'contosodev'] });
  Object.assign(process.env, azure.environment);
  const buffer = registryOf(azure, azure.registry('contosobaseimages'));
  const dev = registryOf(azure, azure.registry('contosodev'));
  const credential = createCredential({ identityClientId: undefined });
  const portsWith = (changes: PortChanges) =>
    createAzurePorts({
      settings: parseAzureSettings({
        SLUICE_ARM_ENDPOINT: changes.armEndpoint ?? (azure.has('arm') ? azure.arm.endpoint : undefined),
        SLUICE_ARM_AUDIENCE: 'https://management.azure.com',
      }),
      credential,
      buffer: changes.buffer ?? buffer,
      tools: changes.tools ?? 'tools/docker-cli:28',
      upstreamCredentials: (name) => findCredentials(name, changes.upstream ?? {}),
      clock: { monotonic: () => performance.now() },
    });
  return {
    azure,
    buffer,
    dev,
    ports: portsWith({}),
    portsWith,
    content: (which, name) =>
      new ContainerRegistryContentClient(
        azure.registry(which === 'buffer' ? buffer.name : dev.name).endpoint,
        name,
        credential,
      ),
    close: () => azure.close(),
  };
}

function registryOf({ scope }: LocalAzure, { name, loginServer, resourceId }: LocalRegistry): Registry {
  const { subscription, resourceGroup } = scope;
  return { name, loginServer, resourceId, subscription, resourceGroup, kick: true };
}
