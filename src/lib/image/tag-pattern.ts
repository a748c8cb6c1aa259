import picomatch from 'picomatch';
import { compare, parse, Range } from 'semver';
import { InvalidImageName } from './error.ts';
import { isTag, parseTag, type Tag } from './names.ts';
import { compareVersions } from './version-order.ts';

/**
 * Which tags of a repository are tracked. `text` is what the pattern was written as; `limit` is how many of the newest
 * matching tags are followed.
 */
export type TagPattern =
  | { readonly kind: 'exact'; readonly text: string; readonly tag: Tag }
  | { readonly kind: 'glob'; readonly text: string; readonly expression: RegExp; readonly limit: number }
  | {
      readonly kind: 'semver';
      readonly text: string;
      readonly range: Range;
      /** The variant behind the version, `-alpine`; empty for none. */
      readonly suffix: string;
      readonly limit: number;
    };

export const defaultLimit = 5;
const semverPrefix = 'semver:';
const expected = 'a tag (9-alpine), a glob (9-*), or a range of versions (semver:>=20 <23)';

/**
 * `9-alpine` is exact, anything with `*`, `?`, `[` or `{` is a glob, `semver:RANGE` a range of versions as npm writes
 * them. A colon cannot stand in a tag, so the three never clash.
 */
export function parseTagPattern(text: string, options: { limit?: number; suffix?: string } = {}): TagPattern {
  const limit = options.limit ?? defaultLimit;
  if (text.startsWith(semverPrefix)) return parseRange(text, limit, options.suffix ?? '');
  if (/[*?[\]{}]/.test(text)) return parseGlob(text, limit);
  if (isTag(text)) return { kind: 'exact', text, tag: parseTag(text) };
  throw new InvalidImageName('tag pattern', text, expected);
}

function parseRange(text: string, limit: number, suffix: string): TagPattern {
  try {
    return { kind: 'semver', text: `${text}${suffix && ` ${suffix}`}`, range: new Range(rangeOf(text)), suffix, limit };
  } catch (cause) {
    if (cause instanceof InvalidImageName) throw cause;
    throw new InvalidImageName('range of versions', text, 'a range as npm writes it: semver:>=20 <23, semver:^1.2');
  }
}

function rangeOf(text: string): string {
  const range = text.slice(semverPrefix.length).trim();
  // An empty range means "any version" to semver; in a catalog it is a slip.
  if (range === '') throw new InvalidImageName('range of versions', text, 'a range after semver:, or semver:* for all');
  return range;
}

function parseGlob(text: string, limit: number): TagPattern {
  if (!/^[\w.*?[\]{},!^-]+$/.test(text)) throw new InvalidImageName('glob', text, expected);
  try {
    const expression = picomatch.makeRe(text, { strictBrackets: true, nonegate: true, dot: true, noextglob: true });
    return { kind: 'glob', text, expression, limit };
  } catch {
    throw new InvalidImageName('glob', text, 'every [ and { to be closed');
  }
}

export function matches(pattern: TagPattern, tag: Tag): boolean {
  switch (pattern.kind) {
    case 'exact':
      return pattern.tag === tag;
    case 'glob':
      return pattern.expression.test(tag);
    case 'semver': {
      const version = versionOf(tag, pattern.suffix);
      return version !== undefined && pattern.range.test(version);
    }
  }
}

/** The newest matching tags, newest first, at most `limit` of them (the pattern's own when it is left out). */
export function newest(pattern: TagPattern, tags: readonly Tag[], limit?: number): Tag[] {
  const found = [...new Set(tags)].filter((tag) => matches(pattern, tag));
  if (pattern.kind === 'exact') return found;
  const order = pattern.kind === 'semver' ? byPrecedence(pattern.suffix) : compareVersions;
  return found.sort((a, b) => order(b, a)).slice(0, Math.max(0, limit ?? pattern.limit));
}

/** `20` and `20.11` are moving tags, not versions: only full ones count, with or without a leading v. */
function versionOf(tag: string, suffix: string) {
  if (!tag.endsWith(suffix)) return undefined;
  const text = tag.slice(0, tag.length - suffix.length);
  return parse(text) ?? undefined;
}

function byPrecedence(suffix: string): (a: Tag, b: Tag) => number {
  return (a, b) => {
    const left = versionOf(a, suffix);
    const right = versionOf(b, suffix);
    if (left === undefined || right === undefined) return compareVersions(a, b);
    return compare(left, right) || compareVersions(a, b);
  };
}
