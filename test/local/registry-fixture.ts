import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerRegistryClient, ContainerRegistryContentClient } from '@azure/container-registry';
import { DefaultAzureCredential } from '@azure/identity';
import { type CertificateFiles, trustedCertificate } from '../../local/certificate.ts';
import type { LocalRegistry, RegistryNotification } from '../../local/contracts.ts';
import { type LocalIdentity, startIdentity } from '../../local/identity/index.ts';
import { startRegistry } from '../../local/registry/index.ts';

export interface RegistryFixture {
  readonly registry: LocalRegistry;
  readonly identity: LocalIdentity;
  readonly certificate: CertificateFiles;
  readonly folder: string;
  readonly notifications: RegistryNotification[];
  readonly client: ContainerRegistryClient;
  content(repository: string): ContainerRegistryContentClient;
  close(): Promise<void>;
}

export async function startFixture(now: () => Date = () => new Date()): Promise<RegistryFixture> {
  const certificate = await trustedCertificate();
  if (!certificate) throw new Error('NODE_EXTRA_CA_CERTS names no certificate of ours: run this under vitest.');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-registry-'));
  const scope = {
    subscription: '00000000-0000-0000-0000-000000000001',
    resourceGroup: 'sluice',
    tenant: '00000000-0000-0000-0000-0000000000aa',
    location: 'westeurope',
  };
  const identity = await startIdentity({ scope });
  process.env.IDENTITY_ENDPOINT = identity.endpoint;
  process.env.IDENTITY_HEADER = identity.header;
  const registry = await startRegistry({
    name: 'contosotest',
    scope,
    certificate,
    authority: identity.authority,
    folder: join(folder, 'registry'),
    now,
  });
  const notifications: RegistryNotification[] = [];
  registry.onNotification((notification) => notifications.push(notification));
  const credential = new DefaultAzureCredential();
  return {
    registry,
    identity,
    certificate,
    folder,
    notifications,
    client: new ContainerRegistryClient(registry.endpoint, credential),
    content: (repository) => new ContainerRegistryContentClient(registry.endpoint, repository, credential),
    close: async () => {
      await Promise.all([registry.close(), identity.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
