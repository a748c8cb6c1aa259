import { type CatalogResult, loadCatalog } from '../../src/lib/catalog/load.ts';
import type { Catalog } from '../../src/lib/catalog/model.ts';
import type { Problem } from '../../src/lib/catalog/problem.ts';

export const subscription = '00000000-0000-0000-0000-000000000001';

/** The smallest catalog's head: two registries, and images yet to come. */
export const head = `buffer: buffer
registries:
  buffer: { name: contosobase, subscription: ${subscription}, resourceGroup: rg }
  dev: { name: contosodev }
`;

export interface Surroundings {
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
}

export function load(text: string, { files = {}, settings = {} }: Surroundings = {}): CatalogResult {
  return loadCatalog({ file: 'sluice.yaml', text, readFile: (path) => files[path], settings });
}

export function catalogOf(text: string, surroundings?: Surroundings): Catalog {
  const result = load(text, surroundings);
  if (!result.ok) throw new Error(result.problems.map((it) => `${it.path}: ${it.message}`).join('\n'));
  return result.catalog;
}

export function problemsOf(text: string, surroundings?: Surroundings): readonly Problem[] {
  const result = load(text, surroundings);
  return result.ok ? [] : result.problems;
}
