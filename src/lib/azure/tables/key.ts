/*
 * Keys of Table Storage (REST API, "Understanding the Table service data model"): at most 1 KiB, without / \ # ? and
 * without the control characters U+0000 to U+001F and U+007F to U+009F. A part of a key here is
 *   part ::= ([A-Za-z0-9._-] | "=" [0-9A-F]{2})*     bytes of UTF-8; "=" for all others
 * Parts are joined by ":", which no part contains.
 */

const plain = /^[A-Za-z0-9._-]*$/;
/** UTF-16 code units: half of 1 KiB. */
const longest = 512;

export function encodePart(text: string): string {
  if (plain.test(text)) return text;
  let part = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    part += plain.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return part;
}

export function decodePart(part: string): string {
  if (!part.includes('=')) return part;
  const bytes = part.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

export function keyOf(...parts: readonly string[]): string {
  return parts.map(encodePart).join(':');
}

/** Whether the service takes a key of this length. */
export function fits(key: string): boolean {
  return key.length <= longest;
}

/** The first key after all that begin with the prefix. */
export function after(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

const ascending = '-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const inverses = new Map([...ascending].map((char, i) => [char, ascending.charAt(ascending.length - 1 - i)]));

/**
 * Run ids sort by time; these sort the other way round, because a table lists in ascending order only.
 * Undefined: the text is no run id.
 */
export function inverted(run: string): string | undefined {
  let key = '';
  for (const char of run) {
    const inverse = inverses.get(char);
    if (inverse === undefined) return undefined;
    key += inverse;
  }
  // Of two ids of which one begins with the other, the longer is the newer.
  return `${key}~`;
}
