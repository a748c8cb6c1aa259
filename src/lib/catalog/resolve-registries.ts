import type { Finding, Path } from './document.ts';
import { type CatalogDraft, entriesOf } from './draft.ts';
import type { Registry } from './model.ts';
import type { RegistryInput } from './schema.ts';
import { resourceIdPattern } from './schema-values.ts';
import type { Settings } from './settings.ts';
import { didYouMean, oneOf } from './words.ts';

export type Report = (path: Path, finding: Finding) => void;

/** The configured registries, found by the key they have in the catalog, by name or by login server. */
export interface Registries {
  readonly byKey: ReadonlyMap<string, Registry>;
  readonly buffer: Registry | undefined;
  /** Every key, also those of registries that are not valid. */
  readonly keys: readonly string[];
  find(name: string): Registry | undefined;
}

/** Where sovereign clouds differ: `azurecr.cn`, `azurecr.us`. */
const suffixSetting = 'SLUICE_REGISTRY_SUFFIX';
const publicSuffix = 'azurecr.io';

export function resolveRegistries(draft: CatalogDraft, settings: Settings, report: Report): Registries {
  const keys = Object.keys(draft.registries ?? {});
  const bufferKey = draft.buffer;
  if (bufferKey !== undefined && !keys.includes(bufferKey)) reportUnknownRegistry(['buffer'], bufferKey, keys, report);
  const bufferInput = bufferKey === undefined ? undefined : draft.registries?.[bufferKey];
  const scope = bufferInput === undefined ? undefined : scopeOf(bufferInput);
  const byKey = new Map<string, Registry>();
  for (const [key, input] of entriesOf(draft.registries)) {
    const registry = resolve(key, input, { isBuffer: key === bufferKey, scope, settings }, report);
    if (registry !== undefined) byKey.set(key, registry);
  }
  reportTwins(byKey, report);
  const find = (name: string) =>
    byKey.get(name) ?? [...byKey.values()].find((it) => it.name === name || it.loginServer === name.toLowerCase());
  return { byKey, buffer: bufferKey === undefined ? undefined : byKey.get(bufferKey), keys, find };
}

export function reportUnknownRegistry(path: Path, name: string, keys: readonly string[], report: Report): void {
  report(path, {
    message: `No registry has the key ${name}.`,
    expected: keys.length === 0 ? 'a key under registries, which has none' : oneOf(keys),
    hint: didYouMean(name, keys),
  });
}

interface Scope {
  readonly subscription?: string | undefined;
  readonly resourceGroup?: string | undefined;
}

interface Surroundings {
  readonly isBuffer: boolean;
  /** The buffer's, where it could be read. */
  readonly scope: Scope | undefined;
  readonly settings: Settings;
}

function resolve(key: string, input: RegistryInput, around: Surroundings, report: Report): Registry | undefined {
  const path = ['registries', key];
  // A wrong part has been reported; what would follow from it is not worth a word.
  if (Object.values(input).includes(undefined)) return undefined;
  const own = scopeOf(input);
  const name = own.name ?? key;
  const subscription = own.subscription ?? around.scope?.subscription;
  const resourceGroup = own.resourceGroup ?? around.scope?.resourceGroup;
  if (input.resourceId !== undefined) reportDoubles(path, input, report);
  if (!/^[A-Za-z0-9]{5,50}$/.test(name)) {
    report(path, {
      message: `The key ${key} cannot be the registry's name in Azure, and name is missing.`,
      expected: 'name: 5 to 50 letters and digits',
      at: 'key',
    });
    return undefined;
  }
  if (subscription === undefined || resourceGroup === undefined) {
    // Where the buffer itself is wrong, that has been said once already.
    const { scope } = around;
    const bufferIsWhole = scope?.subscription !== undefined && scope.resourceGroup !== undefined;
    if (around.isBuffer || bufferIsWhole) reportNoScope(path, { subscription, resourceGroup }, report);
    return undefined;
  }
  return {
    name,
    loginServer: (input.loginServer ?? `${name}.${suffixOf(around.settings)}`).toLowerCase(),
    resourceId: `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${name}`,
    subscription,
    resourceGroup,
    kick: input.kick ?? true,
  };
}

/** With or without a dot before it, as Azure's own environment tells it. */
function suffixOf(settings: Settings): string {
  return (settings[suffixSetting] || publicSuffix).replace(/^\./, '');
}

function scopeOf(input: RegistryInput): Scope & { readonly name?: string | undefined } {
  const [, subscription, resourceGroup, name] = resourceIdPattern.exec(input.resourceId ?? '') ?? [];
  return {
    subscription: subscription ?? input.subscription,
    resourceGroup: resourceGroup ?? input.resourceGroup,
    name: name ?? input.name,
  };
}

function reportNoScope(path: Path, { subscription, resourceGroup }: Scope, report: Report): void {
  const missing = Object.entries({ subscription, resourceGroup }).filter(([, value]) => value === undefined);
  report(path, {
    message: `${missing.map(([key]) => key).join(' and ')} missing: Azure finds a registry by subscription, group and name.`,
    expected: 'resourceId, or subscription and resourceGroup, here or at the buffer',
    at: 'key',
  });
}

function reportDoubles(path: Path, input: RegistryInput, report: Report): void {
  for (const key of ['name', 'subscription', 'resourceGroup'] as const) {
    if (input[key] === undefined) continue;
    report([...path, key], { message: `${key} is in resourceId already.`, expected: 'one of the two', at: 'key' });
  }
}

function reportTwins(byKey: ReadonlyMap<string, Registry>, report: Report): void {
  const seen = new Map<string, string>();
  for (const [key, registry] of byKey) {
    const identities = [registry.name.toLowerCase(), registry.loginServer];
    const taken = identities.find((identity) => seen.has(identity));
    if (taken !== undefined) {
      report(['registries', key], {
        message: `The registry ${taken} has the key ${seen.get(taken)} already.`,
        expected: 'each registry once',
        at: 'key',
      });
    }
    for (const identity of identities) seen.set(identity, key);
  }
}
