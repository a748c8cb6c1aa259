/*
 * Tags of no declared scheme ("22.3-bookworm", "2024-05-01", "1.0-rc2") are ordered as people read them: numbers by
 * value, words by letter, and a pre-release before what it precedes.
 */
const preRelease = /^(?:alpha|beta|b|a|rc|pre|preview|dev|snapshot|nightly|next|canary)$/i;

/** Below 0 where `a` is older than `b`. A total order: 0 only for equal text. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = comparePart(left[i], right[i]);
    if (order !== 0) return order;
  }
  return compareText(a, b);
}

function parts(text: string): string[] {
  return text.match(/\d+|[a-zA-Z]+/g) ?? [];
}

function comparePart(a: string | undefined, b: string | undefined): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0 || a === undefined || b === undefined) return rank;
  return rankOf(a) === numberRank ? compareNumbers(a, b) : compareText(a.toLowerCase(), b.toLowerCase());
}

const numberRank = 3;

/** Pre-release word < nothing more < any other word < a number. */
function rankOf(part: string | undefined): number {
  if (part === undefined) return 1;
  if (/^\d/.test(part)) return numberRank;
  return preRelease.test(part) ? 0 : 2;
}

/** Without Number(): a date-time tag has more digits than a double keeps. */
function compareNumbers(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length - right.length || compareText(left, right);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
