import { parse } from 'yaml';
import { settingsIn } from '../../src/lib/catalog/settings.ts';
import { readText } from './deployment.ts';

const catalogs = { tutorial: 'sluice.yaml', everything: 'infra/snapshots/everything/sluice.yaml' } as const;

/** Settings that a catalog takes, credentials among them. */
export function catalogSettings(set: keyof typeof catalogs): Set<string> {
  const catalog: unknown = parse(readText(catalogs[set]));
  const prefixes = [...JSON.stringify(catalog).matchAll(/"credentials":"(\w+)"/g)].map(([, prefix]) => prefix);
  const credentials = prefixes.flatMap((prefix) => [`${prefix}_USERNAME`, `${prefix}_PASSWORD`]);
  return new Set([...settingsIn(catalog).map(({ name }) => name), ...credentials]);
}

/** Settings that the Functions host, its extensions or Application Insights read. */
export function deployedByPlatform(name: string): boolean {
  return /^(AzureWebJobsStorage__\w+|SluiceState__credential|APPLICATIONINSIGHTS_\w+)$/.test(name);
}
