import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import { DefaultAzureCredential } from '@azure/identity';
import { type ArmOptions, type LocalArm, startArm } from '../../../local/arm/index.ts';
import { type CertificateFiles, trustedCertificate } from '../../../local/certificate.ts';
import type { LocalRegistry, TaskRunner } from '../../../local/contracts.ts';
import { type LocalIdentity, startIdentity } from '../../../local/identity/index.ts';
import { startRegistry } from '../../../local/registry/index.ts';
import { type LocalStorage, startStorage } from '../../../local/storage/index.ts';

export const scope = {
  subscription: '00000000-0000-0000-0000-000000000001',
  resourceGroup: 'sluice',
  tenant: '00000000-0000-0000-0000-0000000000aa',
  location: 'westeurope',
};

export interface ArmFixture {
  readonly arm: LocalArm;
  readonly base: LocalRegistry;
  readonly dev: LocalRegistry;
  readonly identity: LocalIdentity;
  readonly storage: LocalStorage;
  readonly certificate: CertificateFiles;
  readonly credential: DefaultAzureCredential;
  readonly client: ContainerRegistryManagementClient;
  /** A folder that is removed at the end. */
  readonly folder: string;
  content(registry: LocalRegistry, repository: string): ContainerRegistryContentClient;
  /** One request as any client could send it; the token is a good one unless another is given. */
  send(method: string, path: string, options?: RawRequest): Promise<RawAnswer>;
  close(): Promise<void>;
}

export interface RawRequest {
  readonly body?: string;
  readonly authorization?: string | null;
  readonly headers?: Record<string, string>;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly json: unknown;
}

export const resourceGroup = `/subscriptions/${scope.subscription}/resourceGroups/${scope.resourceGroup}`;
export const registryPath = (name: string) =>
  `${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${name}`;

/** For suites that start no run. */
export const noRunner: TaskRunner = {
  execute: () => Promise.reject(new Error('This suite starts no run.')),
  close: async () => undefined,
};

/** Identity, storage, two registries and the ARM endpoint over them, all real. */
export async function startFixture(
  runnerFor: (folder: string) => Promise<TaskRunner>,
  options: ArmOptions = {},
  seenByArm: (registry: LocalRegistry) => Promise<LocalRegistry> = async (registry) => registry,
): Promise<ArmFixture> {
  const certificate = await trustedCertificate();
  if (!certificate) throw new Error('NODE_EXTRA_CA_CERTS names no certificate of ours: run this under vitest.');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-arm-'));
  const identity = await startIdentity({ scope });
  process.env.IDENTITY_ENDPOINT = identity.endpoint;
  process.env.IDENTITY_HEADER = identity.header;
  const registryNamed = (name: string) =>
    startRegistry({ name, scope, certificate, authority: identity.authority, folder: join(folder, name) });
  const [base, dev, storage, runner] = await Promise.all([
    registryNamed('contosobaseimages'),
    registryNamed('contosodev'),
    startStorage({ certificate, folder: join(folder, 'storage'), memory: true }),
    runnerFor(join(folder, 'runner')),
  ]);
  const arm = await startArm({
    scope,
    certificate,
    tokens: identity.authority,
    registries: await Promise.all([base, dev].map(seenByArm)),
    runner,
    storage,
    options,
  });
  const credential = new DefaultAzureCredential();
  const goodToken = `Bearer ${await identity.issue('https://management.azure.com')}`;
  return {
    arm,
    base,
    dev,
    identity,
    storage,
    certificate,
    credential,
    folder,
    client: clientOf(arm.endpoint, credential),
    content: (registry, repository) => new ContainerRegistryContentClient(registry.endpoint, repository, credential),
    send: (method, path, request = {}) => send(arm.endpoint, method, path, goodToken, request),
    async close() {
      await arm.close();
      await Promise.all([base.close(), dev.close(), storage.close(), identity.close(), runner.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The SDK as production code sets it up: only the endpoint differs. */
export function clientOf(endpoint: string, credential: DefaultAzureCredential): ContainerRegistryManagementClient {
  return new ContainerRegistryManagementClient(credential, scope.subscription, {
    endpoint,
    credentialScopes: 'https://management.azure.com/.default',
  });
}

/** Node's own client, because others tidy paths up before they send them. */
function send(
  endpoint: string,
  method: string,
  path: string,
  goodToken: string,
  { body, authorization = goodToken, headers = {} }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const url = new URL(endpoint);
    const request = httpsRequest(
      {
        host: url.hostname,
        port: url.port,
        method,
        path,
        headers: { ...(authorization === null ? {} : { authorization }), ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const json = text === '' ? undefined : JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
