/**
 * What the parts of the local Azure know of each other. Each part lives in a folder of its own and is started by
 * `local/index.ts`; nothing here is imported by `src/`.
 */

export interface Closeable {
  close(): Promise<void>;
}

/** The TLS material every part serves with. `caFile` is what clients put into NODE_EXTRA_CA_CERTS. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly caFile: string;
}

/** The one subscription and resource group that everything local lives in. */
export interface AzureScope {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly tenant: string;
  readonly location: string;
}

/** Checks the bearer tokens that the identity endpoint hands out. */
export interface TokenAuthority {
  /** Absent, malformed, expired or made for another audience: undefined. `audiences` are URLs without a final slash. */
  verify(authorization: string | undefined, audiences: readonly string[]): { readonly principalId: string } | undefined;
}

/** A push or a deletion as the real registry's own notification told it. */
export interface RegistryNotification {
  readonly registry: string;
  readonly id: string;
  readonly timestamp: string;
  readonly action: 'push' | 'delete';
  readonly target: {
    readonly mediaType?: string;
    readonly size?: number;
    readonly digest?: string;
    readonly length?: number;
    readonly repository: string;
    readonly tag?: string;
  };
  readonly request?: {
    readonly id: string;
    readonly host?: string;
    readonly method?: string;
    readonly useragent?: string;
  };
  /** True where the push is an effect of our own importImage. */
  readonly byImport: boolean;
}

/** One real `docker-registry` process and its front door. */
export interface LocalRegistry extends Closeable {
  readonly name: string;
  /** `localhost:PORT`, what stands before the slash of an image reference. */
  readonly loginServer: string;
  /** `https://localhost:PORT`. */
  readonly endpoint: string;
  /** The bare docker-registry behind the front door, `http://127.0.0.1:PORT`: no TLS, no authentication. */
  readonly backend: string;
  readonly resourceId: string;
  /** Basic credentials the front door accepts for everything, as ACR's admin user: for buildah and skopeo. */
  readonly admin: { readonly username: string; readonly password: string };
  onNotification(listener: (notification: RegistryNotification) => void): void;
  /** Pushes made through the backend while `work` runs for these `repository` names are marked `byImport`. */
  asImport<T>(target: { repository: string; digests: ReadonlySet<string> }, work: () => Promise<T>): Promise<T>;
}

/** Where a run's log goes: an append blob in Azurite, written while the run goes on. */
export interface LogSink {
  write(text: string): void;
  /** Flushes, sets `x-ms-meta-complete: successful`. */
  end(): Promise<void>;
}

export interface RunnerRegistry {
  /** The registry's own name, for `{{.Run.RegistryName}}`; else what stands before the first dot of `loginServer`. */
  readonly name?: string;
  readonly loginServer: string;
  readonly username: string;
  readonly password: string;
}

export interface BuildStep {
  readonly kind: 'docker';
  readonly dockerFilePath: string;
  readonly imageNames: readonly string[];
  readonly isPushEnabled: boolean;
  readonly noCache: boolean;
  readonly target?: string;
  readonly arguments: readonly { readonly name: string; readonly value: string; readonly isSecret?: boolean }[];
}

export interface YamlStep {
  readonly kind: 'yaml';
  /** acr-task.yaml text, templates not yet rendered. */
  readonly content: string;
  readonly values: readonly { readonly name: string; readonly value: string; readonly isSecret?: boolean }[];
}

/** What one task run is to do; paths, registries and limits are all given. */
export interface RunnerJob {
  readonly runId: string;
  /** The registry whose task this is: `$Registry`, and what `imageNames` without a host are pushed to. */
  readonly registry: RunnerRegistry;
  /** Every registry a run may pull from or push to with the task's login. */
  readonly logins: readonly RunnerRegistry[];
  readonly caFile: string;
  readonly step: BuildStep | YamlStep;
  /** An absolute local directory, or undefined for a run without context. */
  readonly context?: string;
  readonly taskName?: string;
  /** What set the run off, and from which commit and branch: `{{.Run.TriggeredBy}}`, `{{.Run.Commit}}`, `{{.Run.Branch}}`. */
  readonly triggeredBy?: string;
  readonly commit?: string;
  readonly branch?: string;
  readonly timeoutSeconds: number;
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly log: LogSink;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

export interface OutputImage {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

export interface BaseImageDependency extends OutputImage {
  readonly type: 'BuildTime' | 'Runtime';
}

export interface RunnerResult {
  readonly status: 'Succeeded' | 'Failed' | 'Canceled' | 'Error' | 'Timeout';
  /** As ACR words it: `failed during run, err: exit status 1`. */
  readonly runErrorMessage?: string;
  readonly outputImages: readonly OutputImage[];
  readonly baseImageDependencies: readonly BaseImageDependency[];
}

export interface TaskRunner extends Closeable {
  execute(job: RunnerJob): Promise<RunnerResult>;
}
