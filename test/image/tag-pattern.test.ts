import { describe, expect, it } from 'vitest';
import { InvalidImageName } from '../../src/lib/image/error.ts';
import { parseTag } from '../../src/lib/image/names.ts';
import { defaultLimit, matches, newest, parseTagPattern } from '../../src/lib/image/tag-pattern.ts';
import { compareVersions } from '../../src/lib/image/version-order.ts';

const tags = (...texts: string[]) => texts.map(parseTag);

describe('parseTagPattern', () => {
  it.each([
    ['9-alpine', 'exact'],
    ['v1.2.3', 'exact'],
    ['9-*', 'glob'],
    ['[0-9]*', 'glob'],
    ['{20,22}-alpine', 'glob'],
    ['semver:^20', 'semver'],
    ['semver: >=20 <23', 'semver'],
  ])('reads %s as %s', (text, kind) => {
    expect(parseTagPattern(text).kind).toBe(kind);
  });

  it.each(['', 'a b', 'a:b', 'semver:', 'semver:  ', 'semver:twenty', '9-[', '9-{a', 'a/*', '../*', '@(a)*'])(
    'refuses %j',
    (text) => {
      expect(() => parseTagPattern(text)).toThrow(InvalidImageName);
    },
  );
});

describe('matches', () => {
  it.each([
    ['9-alpine', '9-alpine', true],
    ['9-alpine', '9-alpine3.9', false],
    ['9-*', '9-alpine', true],
    ['9-*', '19-alpine', false],
    ['9.?', '9.1', true],
    ['9.?', '9.10', false],
    ['*', '_internal', true],
    ['!9-*', '9-alpine', false],
    ['[0-9][0-9]', '20', true],
    ['{20,22}-alpine', '22-alpine', true],
    ['semver:>=20 <23', '20.11.0', true],
    ['semver:>=20 <23', 'v22.0.0', true],
    ['semver:>=20 <23', '23.0.0', false],
    ['semver:>=20 <23', '20', false],
    ['semver:>=20 <23', '20.11', false],
    ['semver:>=20 <23', '20.11.0-alpine', false],
    ['semver:>=20 <23', 'latest', false],
    ['semver:>=1.0.0-rc.1', '1.0.0-rc.2', true],
  ])('%s matches %s: %s', (pattern, tag, expected) => {
    expect(matches(parseTagPattern(pattern), parseTag(tag))).toBe(expected);
  });

  it('takes the suffix of a variant off before it reads the version', () => {
    const pattern = parseTagPattern('semver:^20', { suffix: '-alpine' });
    expect(matches(pattern, parseTag('20.11.0-alpine'))).toBe(true);
    expect(matches(pattern, parseTag('20.11.0'))).toBe(false);
    expect(matches(pattern, parseTag('20.11.0-slim'))).toBe(false);
  });
});

describe('newest', () => {
  it('orders versions by precedence, a pre-release before its release', () => {
    const found = newest(parseTagPattern('semver:>=1.0.0-0'), tags('1.0.0', '1.2.0', '1.10.0', '1.0.0-rc.1', '1.9.9'));
    expect(found).toEqual(['1.10.0', '1.9.9', '1.2.0', '1.0.0', '1.0.0-rc.1']);
  });

  it('does not take a pre-release of any name for newer than its release', () => {
    expect(newest(parseTagPattern('semver:>=1.0.0-0'), tags('1.0.0-zeta', '1.0.0', '1.0.0-alpha'))).toEqual([
      '1.0.0',
      '1.0.0-zeta',
      '1.0.0-alpha',
    ]);
  });

  it('orders what a glob matches by its numbers, not by its letters', () => {
    const found = newest(parseTagPattern('*-alpine'), tags('9-alpine', '10-alpine', '9.1-alpine', '9.10-alpine', 'x'));
    expect(found).toEqual(['10-alpine', '9.10-alpine', '9.1-alpine', '9-alpine']);
  });

  it('keeps no more than the limit of the pattern', () => {
    const many = tags(...Array.from({ length: 9 }, (_, index) => `1.${index}.0`));
    expect(newest(parseTagPattern('semver:1'), many)).toHaveLength(defaultLimit);
    expect(newest(parseTagPattern('1.*', { limit: 2 }), many)).toEqual(['1.8.0', '1.7.0']);
    expect(newest(parseTagPattern('1.*', { limit: 2 }), many, 1)).toEqual(['1.8.0']);
  });

  it('names a tag once, however often the registry listed it', () => {
    expect(newest(parseTagPattern('1.*'), tags('1.0', '1.0'))).toEqual(['1.0']);
  });

  it('does not depend on the order in which the registry lists tags', () => {
    const listed = tags('1.0.0', 'v1.0.0', '1.0.1', '2024-01-02', '2024-1-2', '01.0.0');
    const pattern = parseTagPattern('*', { limit: 100 });
    expect(newest(pattern, [...listed].reverse())).toEqual(newest(pattern, listed));
  });
});

describe('compareVersions', () => {
  it.each([
    ['1.2', '1.10'],
    ['1.0-rc1', '1.0'],
    ['1.0-rc1', '1.0-rc2'],
    ['1.0-beta', '1.0-rc1'],
    ['1.0', '1.0-alpine'],
    ['1.0-alpine', '1.0.1-alpine'],
    ['2024-05-01', '2024-05-11'],
    ['20240501123456789012', '20240501123456789013'],
    ['bookworm', 'bookworm-20240101'],
    ['22.04', '24.04'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  it('holds only equal texts equal, so that an order never depends on chance', () => {
    expect(compareVersions('1.0', '1.0')).toBe(0);
    expect(compareVersions('1.0', '1-0')).not.toBe(0);
  });
});
