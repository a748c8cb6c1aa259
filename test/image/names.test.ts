import { describe, expect, it } from 'vitest';
import { InvalidImageName } from '../../src/lib/image/error.ts';
import { isPathSegment, isTag, parseRepository, parseTag } from '../../src/lib/image/names.ts';

describe('parseRepository', () => {
  it.each(['node', 'base-images/node', 'a/b/c/d', 'with.dot/and_one/and__two/and---many', '0/1', `${'a'.repeat(255)}`])(
    'accepts %s',
    (text) => {
      expect(parseRepository(text)).toBe(text);
    },
  );

  it.each([
    '',
    '/',
    'Node',
    'a//b',
    '/a',
    'a/',
    '-a',
    'a-',
    'a..b',
    'a___b',
    'a:b',
    'a@b',
    'a b',
    'a\n',
    'ü',
    'a'.repeat(256),
  ])('refuses %j', (text) => {
    expect(() => parseRepository(text)).toThrow(InvalidImageName);
  });
});

describe('isPathSegment', () => {
  it('is a repository without a slash', () => {
    expect(isPathSegment('node-20.x')).toBe(true);
    expect(isPathSegment('library/node')).toBe(false);
  });
});

describe('parseTag', () => {
  it.each(['9-alpine', 'v1.2.3', '_', 'Latest', 'a'.repeat(128), '1.', '1-'])('accepts %s', (text) => {
    expect(parseTag(text)).toBe(text);
    expect(isTag(text)).toBe(true);
  });

  it.each(['', '.a', '-a', 'a/b', 'a:b', 'a@b', 'a+b', 'a b', 'a\n', 'é', 'a'.repeat(129)])('refuses %j', (text) => {
    expect(() => parseTag(text)).toThrow(InvalidImageName);
    expect(isTag(text)).toBe(false);
  });
});
