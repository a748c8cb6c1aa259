import type { ArmOptions } from './arm/index.ts';
import type { CertificateFiles } from './certificate.ts';
import type { EventSettings, SubscriptionOptions } from './events/index.ts';

export interface LocalPorts {
  readonly identity?: number;
  readonly blob?: number;
  readonly queue?: number;
  readonly table?: number;
  readonly arm?: number;
  /** The control endpoint of events. */
  readonly events?: number;
  readonly functions?: number;
  readonly page?: number;
  /** By the registry's name. */
  readonly registries?: Readonly<Record<string, number>>;
}

export interface FunctionsOptions {
  /** Folder of the app: package.json, host.json and the built bundle. */
  readonly app: string;
  /** App settings added to those of `appSettings`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Each line that the host or a function writes. */
  readonly onLine?: (line: string) => void;
  /** Which events its Event Grid functions get. Default: all. */
  readonly filter?: SubscriptionOptions['filter'];
  /** Seconds a received queue message stays hidden. Default 600, as on Azure. */
  readonly messageInvisibility?: number;
}

export interface LocalAzureOptions {
  /** Names of the registries to start. Default none. */
  readonly registries?: readonly string[];
  /** Parts a test can do without, to start sooner. ARM keeps its logs in storage: without storage, neither starts. */
  readonly without?: readonly ('storage' | 'arm' | 'events')[];
  /** Starts the functions host with this app. Default none. */
  readonly functions?: FunctionsOptions;
  /** Serves the front page. Default false. */
  readonly page?: boolean;
  /** Where everything lies. Default a folder under the system's own for temporary files, removed at the end. */
  readonly state?: string;
  /** Writes tables, queues and blobs to `state`. Default false: they are in memory. */
  readonly durable?: boolean;
  /** Free ones where absent. */
  readonly ports?: LocalPorts;
  readonly arm?: Omit<ArmOptions, 'port'>;
  readonly events?: Partial<EventSettings>;
  /** What parts serve TLS with. Default: what NODE_EXTRA_CA_CERTS names when it is ours, else a new one. */
  readonly certificate?: CertificateFiles;
}
