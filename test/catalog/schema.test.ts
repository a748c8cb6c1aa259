import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { catalogJsonSchema } from '../../src/lib/catalog/schema.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const published: object = JSON.parse(read('sluice.schema.json'));
const validate = new Ajv2020({ strict: true }).compile(published);
const catalog = () => parse(read('sluice.yaml'));

describe('sluice.schema.json', () => {
  it('is what the loader checks by: run npm run check -- --schema', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(catalogJsonSchema())));
  });

  it('accepts the shipped catalog as it stands, its settings not replaced', () => {
    expect(validate(catalog()), JSON.stringify(validate.errors)).toBe(true);
  });

  it('refuses an unknown key and a wrong word, so that an editor can say so', () => {
    const wrong = catalog();
    wrong.images.node.gates = {};
    expect(validate(wrong)).toBe(false);
    const word = catalog();
    word.images.node.gate.approval = 'maybe';
    expect(validate(word)).toBe(false);
  });

  it('is named at the head of the shipped catalog', () => {
    expect(read('sluice.yaml').split('\n')[0]).toBe('# yaml-language-server: $schema=./sluice.schema.json');
  });

  it('explains every key of an image', () => {
    type Described = Record<string, { description?: string }>;
    const schema = published as { properties: { images: { additionalProperties: { properties: Described } } } };
    const { properties } = schema.properties.images.additionalProperties;
    for (const [key, { description }] of Object.entries(properties)) expect(description, key).toMatch(/\w/);
  });
});
