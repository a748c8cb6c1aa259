// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the catalog writes its settings so.
import { describe, expect, it } from 'vitest';
import { readDocument } from '../../src/lib/catalog/document.ts';
import { applySettings, settingsIn, unresolved } from '../../src/lib/catalog/settings.ts';

const given = { NAME: 'contoso', GROUP: 'rg', EMPTY: '' };

function apply(yaml: string) {
  const document = readDocument('sluice.yaml', yaml);
  const value = applySettings(document, given);
  return { value, problems: document.problems() };
}

describe('applySettings', () => {
  it.each([
    ['a: ${NAME}', { a: 'contoso' }],
    ['a: x-${NAME}-${GROUP}', { a: 'x-contoso-rg' }],
    ['a: [{b: ["${NAME}"]}]', { a: [{ b: ['contoso'] }] }],
    ['a: ${NONE:-other}', { a: 'other' }],
    ['a: ${EMPTY:-other}', { a: 'other' }],
    ['a: ${NAME:-other}', { a: 'contoso' }],
    ['a: ${NONE:-}', {}],
    ['a: x${NONE:-}', { a: 'x' }],
    ['a: $${NAME}', { a: '${NAME}' }],
    ['a: $NAME', { a: '$NAME' }],
    ['a: 5', { a: 5 }],
  ])('makes of %s', (yaml, expected) => {
    expect(apply(yaml)).toEqual({ value: expected, problems: [] });
  });

  it('does not look for settings inside the value of a setting', () => {
    const document = readDocument('sluice.yaml', 'a: ${NAME}');
    expect(applySettings(document, { NAME: '${GROUP}', GROUP: 'rg' })).toEqual({ a: '${GROUP}' });
  });

  it('reports an unknown name at its place, with the nearest known one', () => {
    const { value, problems } = apply('a:\n  - ok\n  - ${NAMES}\n');
    expect(value).toEqual({ a: ['ok', unresolved] });
    expect(problems).toMatchObject([{ line: 3, column: 5, path: 'a[1]', hint: 'Did you mean NAME?' }]);
    expect(problems[0]?.message).toContain('NAMES is not set');
  });

  it('tells an empty setting from one that is not there', () => {
    expect(apply('a: ${EMPTY}').problems[0]?.message).toBe('The app setting EMPTY is empty.');
  });

  it.each(['${}', '${NA ME}', '${1A}', '${NAME:other}'])('refuses %s', (text) => {
    expect(apply(`a: "${text}"`).problems).toHaveLength(1);
  });
});

describe('settingsIn', () => {
  it('names every setting once, credentials as the pair they stand for', () => {
    const value = { a: '${B} ${A:-x}', c: [{ credentials: 'GHCR' }, '${B}', '$${NOT}'] };
    expect(settingsIn(value)).toEqual([
      { name: 'B' },
      { name: 'A', fallback: 'x' },
      { name: 'GHCR_USERNAME' },
      { name: 'GHCR_PASSWORD' },
    ]);
  });
});
