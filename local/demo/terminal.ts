import { colors } from '../colors.ts';

/** Marks of what a line says: somebody did it, it was read and is so, or it is not so. */
export type Mark = 'did' | 'saw' | 'said' | 'wrong';

/** The terminal of the story. Lines stay within 100 columns, and what is under way shows at the end while it lasts. */
export interface Terminal {
  blank(): void;
  line(text?: string): void;
  heading(number: string, title: string): void;
  note(mark: Mark, label: string, text: string): void;
  /** Shows that `label` is under way until the returned function is called; `text` changes what is shown. */
  busy(label: string): { text(now: string): void; end(): void };
}

export const width = 100;
const labelWidth = 11;
/** Milliseconds that a wait may last before it is mentioned where lines cannot be drawn over. */
const quiet = 1500;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

const marks: Readonly<Record<Mark, string>> = {
  did: colors.cyan('›'),
  saw: colors.green('✓'),
  said: ' ',
  wrong: colors.red('✗'),
};

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function openTerminal(output: Output, now: () => number = () => performance.now()): Terminal {
  const begun = now();
  const line = (text = '') => void output.write(`${text}\n`);
  return {
    line,
    blank: () => line(),
    heading(number, title) {
      const time = seconds(now() - begun);
      const gap = Math.max(1, width - 4 - title.length - time.length);
      line();
      line(
        `${colors.bold(colors.cyan(number.padStart(2)))}  ${colors.bold(title)}${' '.repeat(gap)}${colors.dim(time)}`,
      );
    },
    note(mark, label, text) {
      const [first = '', ...more] = wrap(text, width - 7 - labelWidth);
      line(`    ${marks[mark]} ${colors.dim(label.padEnd(labelWidth))} ${first}`);
      for (const rest of more) line(`${' '.repeat(7 + labelWidth)}${rest}`);
    },
    busy: (label) => (output.isTTY === true ? spin(output, label, now) : mute(line, label)),
  };
}

function spin(output: Output, label: string, now: () => number): ReturnType<Terminal['busy']> {
  const begun = now();
  let shown = '';
  let frame = 0;
  const columns = Math.min(width, output.columns || width) - 1;
  const draw = () => {
    const mark = frames[frame++ % frames.length] ?? '';
    const text = `    ${mark} ${label.padEnd(labelWidth)} ${shown}`;
    const time = ` ${seconds(now() - begun)}`;
    output.write(
      `\r\x1b[2K${colors.dim(`${text.slice(0, columns - time.length).padEnd(columns - time.length)}${time}`)}`,
    );
  };
  draw();
  const timer = setInterval(draw, 100);
  return {
    text(next) {
      shown = next;
    },
    end() {
      clearInterval(timer);
      output.write('\r\x1b[2K');
    },
  };
}

/** Where lines cannot be drawn over, what takes long is said in a line of its own, and again when it changes. */
function mute(line: (text: string) => void, label: string): ReturnType<Terminal['busy']> {
  let shown = '';
  let next = '';
  const timer = setInterval(() => {
    if (next === shown) return;
    shown = next;
    line(colors.dim(`    . ${label.padEnd(labelWidth)} ${next.slice(0, width - 7 - labelWidth)}`));
  }, quiet);
  return {
    text(now) {
      next = now;
    },
    end: () => clearInterval(timer),
  };
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** At spaces; what a terminal would not show does not count. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && visible(last) + 1 + visible(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function visible(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  return text.replaceAll(/\x1b\[\d+m/g, '').length;
}

const paints: Readonly<Record<string, (text: string) => string>> = {
  blue: colors.blue,
  green: colors.green,
  red: colors.red,
  orange: colors.yellow,
  purple: colors.magenta,
  teal: colors.cyan,
};

/** The name of a colour, in it. */
export function paint(color: string): string {
  return (paints[color] ?? String)(`■ ${color}`);
}

export function short(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
