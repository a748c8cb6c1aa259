import { colors } from '../colors.ts';

/** At spaces; what a terminal would not show does not count. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && visible(last) + 1 + visible(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Of text without colours: what does not fit gives way to an ellipsis. */
export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

function visible(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  return text.replaceAll(/\x1b\[\d+m/g, '').length;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Of the colours that terminals have, the one that looks most like it. */
const paints = {
  blue: colors.blue,
  green: colors.green,
  red: colors.red,
  orange: colors.yellow,
  purple: colors.magenta,
  teal: colors.cyan,
  lime: colors.greenBright,
} as const;

/** Those that images of the story have. */
export type Color = keyof typeof paints;

/** The name of a colour, in it; no line ends within it. */
export function paint(color: Color): string {
  return paints[color](`■\u00a0${color}`);
}

export function short(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
