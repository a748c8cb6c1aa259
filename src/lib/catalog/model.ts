import type { Repository } from '../image/names.ts';
import type { TagPattern } from '../image/tag-pattern.ts';

/** What `sluice.yaml` says, checked, with every default filled in. */
export interface Catalog {
  /** Holds `staging/` and `base-images/`. */
  readonly buffer: Registry;
  /** All configured registries, the buffer among them. */
  readonly registries: readonly Registry[];
  readonly images: readonly Image[];
  readonly tools: Tools;
}

export interface Tools {
  /** The image of a trusted validation step, in the buffer: `tools/docker-cli@sha256:…` or `tools/docker-cli:TAG`. */
  readonly dockerCli: string;
}

export interface Registry {
  /** The registry's name in ARM. */
  readonly name: string;
  /** What stands before the slash of an image reference: `contoso.azurecr.io`. */
  readonly loginServer: string;
  /** `/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/…` */
  readonly resourceId: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  /** Whether Sluice may start tasks here. */
  readonly kick: boolean;
}

export type Upstream =
  | { readonly kind: 'acr'; readonly registry: Registry; readonly repository: Repository }
  | {
      readonly kind: 'oci';
      /** `docker.io`, `ghcr.io`, `registry.example:5000`. */
      readonly host: string;
      readonly repository: Repository;
      /** NAME of the settings NAME_USERNAME and NAME_PASSWORD. */
      readonly credentials?: string;
    };

export interface Image {
  readonly name: string;
  readonly upstream: Upstream;
  readonly tags: readonly TagPattern[];
  /** Repositories of the buffer. */
  readonly staging: Repository;
  readonly target: Repository;
  /** In order; all must pass. Empty: nothing is tested. */
  readonly validate: readonly ValidationEntry[];
  readonly gate: Gate;
  readonly dependents: DependentsRule;
}

/** What the container under test may use. */
export interface SandboxLimits {
  /** As `docker run --memory` takes it: `512m`. */
  readonly memory: string;
  readonly cpus: number;
  readonly pidsLimit: number;
}

export type ValidationEntry =
  | ({
      readonly kind: 'run';
      readonly command: readonly string[];
      readonly timeoutSeconds: number;
    } & SandboxLimits)
  | ({
      readonly kind: 'script';
      /** Relative to the catalog. */
      readonly path: string;
      readonly content: string;
      readonly shell: string;
      readonly timeoutSeconds: number;
    } & SandboxLimits)
  | {
      readonly kind: 'steps';
      readonly path: string;
      /** acr-task.yaml text. */
      readonly content: string;
      readonly timeoutSeconds: number;
    }
  | {
      readonly kind: 'task';
      /** The name of an ACR Task of the buffer. */
      readonly task: string;
      readonly timeoutSeconds: number;
    };

export interface Gate {
  /** Milliseconds between the first sight of a digest upstream and its promotion; 0 for none. */
  readonly soak: number;
  readonly approval: boolean;
  readonly promoteDuring?: PromotionWindow;
}

/** Days and hours in which promotions may happen. A window with `to` at or before `from` ends on the next day. */
export interface PromotionWindow {
  readonly text: string;
  /** 1 is Monday, 7 is Sunday: the days on which the window opens. */
  readonly days: ReadonlySet<number>;
  /** Minutes after midnight. */
  readonly from: number;
  /** Minutes after midnight, at most 1440. */
  readonly to: number;
  /** An IANA time zone. */
  readonly zone: string;
}

export interface DependentsRule {
  /** Look for tasks built on the target in all configured registries. */
  readonly discover: boolean;
  /** Tasks that are dependents by declaration. */
  readonly tasks: readonly { readonly registry: Registry; readonly task: string }[];
  /** How long ACR has to start a self-starting task; the table of periods decides where it is left out. */
  readonly graceSeconds?: number;
  /** How many builds that Sluice started run at once, for one promotion. */
  readonly maxParallel: number;
  /** After this many failed builds of one promotion no further one is started. */
  readonly failureBudget: number;
}
