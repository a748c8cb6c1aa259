import type { Catalog, Image, Registry, Upstream } from '../../src/lib/catalog/model.ts';
import type { SettingUse } from '../../src/lib/catalog/settings.ts';
import { unreplace } from './placeholders.ts';

/**
 * What the infrastructure needs to know of the catalog: `infra/catalog.json`, read with Bicep's loadJsonContent.
 * Values that come from app settings keep their `${NAME}`; whoever deploys puts the value in place, since it is the
 * same one that becomes the app setting. Every object has all of its members; what does not apply is empty.
 */
export interface InfrastructureCatalog {
  /** The app settings that the catalog takes, and what it takes without them ("" where there is no default). */
  readonly settings: readonly { readonly name: string; readonly required: boolean; readonly default: string }[];
  /** The key of the buffer in `registries`. */
  readonly buffer: string;
  readonly registries: readonly InfrastructureRegistry[];
  readonly images: readonly InfrastructureImage[];
  /** Repositories of the buffer that events are wanted of, each once. */
  readonly repositories: { readonly staging: readonly string[]; readonly targets: readonly string[] };
  /** Upstream repositories that lie in configured registries. */
  readonly upstreams: readonly { readonly registry: string; readonly repository: string }[];
  /** Prefixes of the settings PREFIX_USERNAME and PREFIX_PASSWORD. */
  readonly credentials: readonly string[];
  /** The trusted image of validations, in the buffer. */
  readonly dockerCli: string;
}

export interface InfrastructureRegistry {
  readonly key: string;
  /** Always there; the parts, and the login server made of the name, are empty where one setting holds it whole. */
  readonly resourceId: string;
  readonly name: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly loginServer: string;
  readonly kick: boolean;
}

export interface InfrastructureImage {
  readonly name: string;
  readonly upstream: {
    readonly kind: Upstream['kind'];
    /** The registry's key, for kind acr. */
    readonly registry: string;
    /** For kind oci. */
    readonly host: string;
    readonly repository: string;
    readonly credentials: string;
  };
  readonly tags: readonly string[];
  readonly staging: string;
  readonly target: string;
}

export interface InfrastructureSource {
  readonly catalog: Catalog;
  readonly registryKeys: ReadonlyMap<string, Registry>;
  readonly uses: readonly SettingUse[];
  /** What the catalog was loaded with. */
  readonly placeholders: ReadonlyMap<string, string>;
}

export function infrastructureOf({ catalog, registryKeys, uses, placeholders }: InfrastructureSource) {
  const keyOf = (registry: Registry) => [...registryKeys].find(([, it]) => it === registry)?.[0] ?? '';
  const images = catalog.images.map((image) => imageOf(image, keyOf));
  const result: InfrastructureCatalog = {
    settings: uses.map(({ name, fallback }) => ({
      name,
      required: fallback === undefined,
      default: fallback ?? '',
    })),
    buffer: keyOf(catalog.buffer),
    registries: [...registryKeys].map(([key, registry]) => registryOf(key, registry, placeholders)),
    images,
    repositories: { staging: images.map((it) => it.staging), targets: images.map((it) => it.target) },
    upstreams: unique(
      images
        .filter(({ upstream }) => upstream.kind === 'acr')
        .map(({ upstream: { registry, repository } }) => ({ registry, repository })),
    ),
    credentials: unique(images.map(({ upstream }) => upstream.credentials).filter((prefix) => prefix !== '')),
    dockerCli: catalog.tools.dockerCli,
  };
  return JSON.parse(unreplace(JSON.stringify(result), placeholders)) as InfrastructureCatalog;
}

function registryOf(key: string, registry: Registry, values: ReadonlyMap<string, string>): InfrastructureRegistry {
  const { resourceId, name, subscription, resourceGroup, loginServer, kick } = registry;
  if (![...values.values()].includes(resourceId)) {
    return { key, resourceId, name, subscription, resourceGroup, loginServer, kick };
  }
  const host = loginServer.startsWith(name) ? '' : loginServer;
  return { key, resourceId, name: '', subscription: '', resourceGroup: '', loginServer: host, kick };
}

function imageOf({ name, upstream, tags, staging, target }: Image, keyOf: (it: Registry) => string) {
  const { kind, repository } = upstream;
  return {
    name,
    upstream: {
      kind,
      registry: kind === 'acr' ? keyOf(upstream.registry) : '',
      host: kind === 'oci' ? upstream.host : '',
      repository,
      credentials: kind === 'oci' ? (upstream.credentials ?? '') : '',
    },
    tags: tags.map((tag) => tag.text),
    staging,
    target,
  } satisfies InfrastructureImage;
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
