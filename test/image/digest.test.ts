import { describe, expect, it } from 'vitest';
import { isDigest, parseDigest, shortDigest } from '../../src/lib/image/digest.ts';
import { InvalidImageName } from '../../src/lib/image/error.ts';

const hex = '0123456789abcdef'.repeat(4);

describe('parseDigest', () => {
  it.each([`sha256:${hex}`, `sha512:${hex}${hex}`])('accepts %s', (text) => {
    expect(parseDigest(text)).toBe(text);
    expect(isDigest(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['no algorithm', hex],
    ['too few digits', `sha256:${hex.slice(1)}`],
    ['too many digits', `sha256:${hex}0`],
    ['upper case, which is another text for the same bytes', `sha256:${hex.toUpperCase()}`],
    ['an unregistered algorithm', `md5:${hex.slice(0, 32)}`],
    ['the length of another algorithm', `sha512:${hex}`],
    ['a line break behind', `sha256:${hex}\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseDigest(text)).toThrow(InvalidImageName);
    expect(isDigest(text)).toBe(false);
  });

  it('names the text and what was expected', () => {
    expect(() => parseDigest('latest')).toThrow('"latest" is not a digest: expected sha256: and 64 lower-case hex');
  });
});

describe('shortDigest', () => {
  it('keeps the first 12 hex digits', () => {
    expect(shortDigest(parseDigest(`sha256:${hex}`))).toBe('0123456789ab');
  });
});
