import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { catalogJsonSchema } from '../../src/lib/catalog/schema.ts';
import { head, load } from './load-text.ts';

const page = readFileSync(new URL('../../docs/catalog.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

const files = { 'validations/node.sh': 'node --version\n', 'validations/scan.yaml': 'version: v1.1.0\n' };
const settings = {
  SLUICE_BUFFER_NAME: 'contosobase',
  SLUICE_SUBSCRIPTION: '00000000-0000-0000-0000-000000000001',
  SLUICE_RESOURCE_GROUP: 'rg',
  SLUICE_DEV_NAME: 'contosodev',
  GHCR_USERNAME: 'robot',
  GHCR_PASSWORD: 'secret',
};

/** An example shows only what it is about; the rest of a catalog is put beside it. */
function whole(example: string): string {
  const given = Object.keys(parse(example));
  const [buffer = '', ...registries] = head.split('\n');
  const rest = [
    ...(given.includes('buffer') ? [] : [buffer]),
    ...(given.includes('registries') ? [] : registries),
    ...(given.includes('images') ? [] : ['images: { any: { upstream: docker.io/library/any, tags: [a] } }']),
  ];
  return `${example}\n${rest.join('\n')}\n`;
}

describe('docs/catalog.md', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(8);
  });

  it.each(examples)('shows an example that loads: %s', (example) => {
    expect(load(whole(example), { files, settings })).toMatchObject({ ok: true });
  });

  it('explains every key of the schema', () => {
    for (const key of keysOf(catalogJsonSchema())) expect(page, `the key ${key}`).toContain(`\`${key}\``);
  });

  it('shows every key of the schema in an example', () => {
    const shown = examples.join('\n');
    for (const key of keysOf(catalogJsonSchema())) expect(shown, `the key ${key}`).toMatch(new RegExp(`\\b${key}:`));
  });
});

function keysOf(schema: unknown): Set<string> {
  const found = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('properties' in node && typeof node.properties === 'object') {
      for (const key of Object.keys(node.properties ?? {})) found.add(key);
    }
    for (const child of Object.values(node)) walk(child);
  };
  walk(schema);
  return found;
}
