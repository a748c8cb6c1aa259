import { colors } from '../colors.ts';
import { cut, seconds, wrap } from './text.ts';

/** Marks of what a line says: somebody did it, it was read and is so, or it is not so. */
export type Mark = 'did' | 'saw' | 'said' | 'wrong';

/** Shown while something is under way; `text` changes what is said of it. */
export interface Busy {
  text(now: string): void;
  end(): void;
}

/** The terminal of the story. Lines stay within its columns, and what is under way shows at the end while it lasts. */
export interface Terminal {
  line(text?: string): void;
  /** Indented, and broken at spaces. */
  paragraph(text: string, style?: (text: string) => string): void;
  heading(number: string, title: string): void;
  note(mark: Mark, label: string, text: string): void;
  busy(label: string): Busy;
  /** Says a last word; whatever is told afterwards is not shown. */
  end(text: string): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Longer lines are hard to read, however wide the window is. */
const widest = 100;
const labelWidth = 11;
const indent = 7 + labelWidth;
/** Milliseconds that a wait may last before it is mentioned where lines cannot be drawn over. */
const quiet = 1500;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

const marks: Readonly<Record<Mark, string>> = {
  did: colors.cyan('›'),
  saw: colors.green('✓'),
  said: ' ',
  wrong: colors.red('✗'),
};

/** Asked each time: windows change their size. */
const widthOf = ({ columns }: Output) => Math.min(widest, columns || widest);

export function openTerminal(given: Output, now: () => number = () => performance.now()): Terminal {
  const begun = now();
  let ended = false;
  let last: Busy | undefined;
  const output: Output = {
    get columns() {
      return widthOf(given);
    },
    write: (text) => ended || given.write(text),
  };
  const line = (text = '') => void output.write(`${text}\n`);
  const labelled = (mark: string, label: string, text: string, style: (text: string) => string) => {
    const [first = '', ...more] = wrap(text, widthOf(given) - indent);
    line(`    ${mark} ${colors.dim(label.padEnd(labelWidth))} ${style(first)}`);
    for (const rest of more) line(`${' '.repeat(indent)}${style(rest)}`);
  };
  return {
    line,
    paragraph(text, style = String) {
      for (const part of wrap(text, widthOf(given) - 4)) line(`    ${style(part)}`);
    },
    heading(number, title) {
      line();
      for (const text of headingLines(number, title, seconds(now() - begun), widthOf(given))) line(text);
    },
    note: (mark, label, text) => labelled(marks[mark], label, text, String),
    busy(label) {
      last =
        given.isTTY === true ? spin(output, label, now) : mention((text) => labelled('.', label, text, colors.dim));
      return last;
    },
    end(text) {
      last?.end();
      line(text);
      ended = true;
    },
  };
}

/** With the time at the right, where there is room for it. */
function headingLines(number: string, title: string, time: string, width: number): string[] {
  const [first = '', ...more] = wrap(title, width - 4);
  const gap = width - 4 - first.length - time.length;
  const right = gap < 2 || more.length > 0 ? '' : `${' '.repeat(gap)}${colors.dim(time)}`;
  const head = `${colors.bold(colors.cyan(number.padStart(2)))}  ${colors.bold(first)}${right}`;
  return [head, ...more.map((text) => `    ${colors.bold(text)}`)];
}

function spin(output: Output, label: string, now: () => number): Busy {
  const begun = now();
  let shown = '';
  let frame = 0;
  const draw = () => {
    const time = ` ${seconds(now() - begun)}`;
    // A terminal goes on to the next line when its last column is filled.
    const columns = widthOf(output) - 1 - time.length;
    const text = `    ${frames[frame++ % frames.length]} ${label.padEnd(labelWidth)} ${shown}`;
    output.write(`\r\x1b[2K${colors.dim(`${cut(text, columns).padEnd(columns)}${time}`)}`);
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
function mention(say: (text: string) => void): Busy {
  let shown = '';
  let next = '';
  const timer = setInterval(() => {
    if (next === shown) return;
    shown = next;
    say(next);
  }, quiet);
  return {
    text(now) {
      next = now;
    },
    end: () => clearInterval(timer),
  };
}
