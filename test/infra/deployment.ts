import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Resource, Snapshot } from '../../scripts/infra/snapshots.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export function readText(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

export function readJson<T>(path: string): T {
  return JSON.parse(readText(path)) as T;
}

/** What a parameter set deploys; `npm run infra` compares it with the templates. */
export interface Deployment {
  readonly resources: readonly Resource[];
  readonly outputs: Snapshot['outputs'];
  ofType(type: string): Resource[];
  /** The only one of its type. */
  one(type: string): Resource;
}

export const parameterSets = ['tutorial', 'everything'] as const;

export function deployment(set: (typeof parameterSets)[number], name: 'main' | 'events' = 'main'): Deployment {
  const { predictedResources, outputs } = readJson<Snapshot>(`infra/snapshots/${set}/${name}.snapshot.json`);
  const ofType = (type: string) => predictedResources.filter((resource) => resource.type === type);
  return {
    resources: predictedResources,
    outputs,
    ofType,
    one(type) {
      const [only, ...more] = ofType(type);
      if (only === undefined || more.length > 0) throw new Error(`${set} has ${more.length + 1} or no ${type}`);
      return only;
    },
  };
}

/** A value deep in a resource: `at(site, 'properties', 'siteConfig', 'minTlsVersion')`. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
}

/** App settings by name. */
export function appSettings(of: Deployment): Map<string, string> {
  const [settings] = siteConfig(of, 'appsettings');
  return new Map(Object.entries((settings?.properties ?? {}) as Record<string, string>));
}

/** A configuration of the Functions app: `appsettings`, `authsettingsV2`. */
export function siteConfig(of: Deployment, name: string): Resource[] {
  return of.ofType('Microsoft.Web/sites/config').filter((config) => config.name.endsWith(`/${name}`));
}

/** The last parts of the names of storage parts: queues, tables or containers of the state account. */
export function stateParts(of: Deployment, type: 'queues' | 'tables' | 'containers'): string[] {
  return of.resources
    .filter(({ id }) => id.includes('/ststate') && id.includes(`/default/${type}/`))
    .map(({ name }) => name.split('/').at(-1) ?? '');
}
