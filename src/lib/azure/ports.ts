import type { TokenCredential } from '@azure/identity';
import type { Registry } from '../catalog/model.ts';
import type {
  BufferReader,
  Clock,
  DependentTasks,
  Importer,
  TagMover,
  TagRemover,
  ValidationRunner,
} from '../pipeline/ports.ts';
import { ArmClients } from './arm.ts';
import { AzureTagReader, createBufferReader, createTagRemover } from './buffer.ts';
import { createDependentTasks } from './dependent-tasks.ts';
import { type CredentialsByName, createImporter } from './importer.ts';
import { RegistryClients } from './registry-clients.ts';
import type { AzureSettings } from './settings.ts';
import { createTagMover } from './tag-mover.ts';
import { createValidationRunner } from './validation-runner.ts';

export interface AzurePortsOptions {
  readonly settings: AzureSettings;
  readonly credential: TokenCredential;
  readonly buffer: Registry;
  /** The trusted step's image, in the buffer: `tools/docker-cli@sha256:…`. */
  readonly tools: string;
  /** Credentials of upstreams, by their name in the catalog. */
  readonly upstreamCredentials: CredentialsByName;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export interface AzurePorts {
  /** For links to logs. */
  readonly arm: ArmClients;
  /** Reads registries that are upstreams. */
  readonly tags: AzureTagReader;
  readonly reader: BufferReader;
  readonly mover: TagMover;
  readonly remover: TagRemover;
  readonly importer: Importer;
  readonly validations: ValidationRunner;
  readonly tasks: DependentTasks;
}

/** The pipeline's ports on Azure. Nothing is loaded or asked before it is needed. */
export function createAzurePorts(options: AzurePortsOptions): AzurePorts {
  const { settings, credential, buffer, tools, clock } = options;
  const arm = new ArmClients(settings, credential);
  const clients = new RegistryClients(settings, credential);
  const tags = new AzureTagReader(clients);
  return {
    arm,
    tags,
    reader: createBufferReader(tags, buffer),
    mover: createTagMover({ clients, reader: tags, buffer, clock }),
    remover: createTagRemover(clients, buffer),
    importer: createImporter({ arm, buffer, credentials: options.upstreamCredentials }),
    validations: createValidationRunner({ arm, buffer, tools, agentPool: settings.agentPool }),
    tasks: createDependentTasks(arm),
  };
}
