import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Makes docs/demo.svg from the real output of the demo: `node --import tsx local/demo/picture.ts`. */

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const target = fileURLToPath(new URL('../../docs/demo.svg', import.meta.url));

/** As many acts as leave the rest of the README on the first screen. */
const acts = { first: 2, last: 3 };

const fontSize = 12;
const cell = { width: 7.2, height: 14.5 };
const margin = { side: 16, top: 42, bottom: 14 };
const columns = 100;

const palette: Readonly<Record<string, string>> = {
  31: '#ff7b72',
  32: '#56d364',
  33: '#ffa657',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#56d4dd',
};

interface Style {
  color: string | undefined;
  bold: boolean;
  dim: boolean;
}

interface Piece extends Style {
  readonly text: string;
  readonly column: number;
}

/** Select Graphic Rendition (ECMA-48, 8.3.117), as far as picocolors writes it. */
function restyled(style: Style, code: string): Style {
  if (code === '0') return { color: undefined, bold: false, dim: false };
  if (code === '1') return { ...style, bold: true };
  if (code === '2') return { ...style, dim: true };
  if (code === '22') return { ...style, bold: false, dim: false };
  return { ...style, color: palette[code] };
}

function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let style: Style = { color: undefined, bold: false, dim: false };
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  for (const [index, part] of line.split(/\x1b\[(\d+)m/).entries()) {
    if (index % 2 === 1) style = restyled(style, part);
    else if (part !== '') {
      pieces.push({ ...style, text: part, column });
      column += part.length;
    }
  }
  return pieces;
}

function drawn({ text, column, color, bold, dim }: Piece, row: number): string {
  const start = text.length - text.trimStart().length;
  const words = text.trim();
  if (words === '') return '';
  const x = (margin.side + (column + start) * cell.width).toFixed(1);
  const y = margin.top + row * cell.height;
  const length = (words.length * cell.width).toFixed(1);
  const look = [color && `fill="${color}"`, bold && 'font-weight="bold"', dim && !color && 'fill="#8b949e"'];
  const attributes = look.filter((one) => one).join(' ');
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${attributes && ` ${attributes}`}>${escaped(words)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(/ {2}/g, ' \u00a0');
}

function picture(lines: readonly string[]): string {
  const width = Math.round(columns * cell.width + 2 * margin.side);
  const height = Math.ceil(margin.top + (lines.length - 1) * cell.height + margin.bottom);
  const rows = lines
    .flatMap((line, row) => piecesOf(line).map((piece) => drawn(piece, row)))
    .filter((one) => one !== '');
  const lights = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${18 + index * 16}" cy="15" r="5" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>npm run demo: a fix flows through to hello-world, a bad image stops at the gate</title>',
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    ...lights,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${fontSize}" fill="#e6edf3" xml:space="preserve">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

async function played(): Promise<string> {
  const env = { ...process.env, FORCE_COLOR: '1', NO_COLOR: undefined };
  const child = spawn(process.execPath, ['--import', 'tsx', main, '--exit'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = Buffer.concat(chunks).toString();
  if (code !== 0) throw new Error(`The demo ended with ${code}; a picture of that helps nobody:\n${output}`);
  return output;
}

/** The acts that are shown, with the blank line before each. */
function shown(output: string): string[] {
  const lines = output.split('\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  const plain = lines.map((line) => line.replaceAll(/\x1b\[\d+m/g, ''));
  const before = (act: number) => plain.findIndex((line) => line.startsWith(` ${act}  `)) - 1;
  // What takes long is told in lines of its own where nothing can be drawn over; on a terminal it is gone again.
  const isWait = (index: number): boolean => {
    const line = plain[index] ?? '';
    return /^ {4}\. /.test(line) || (/^ {18}/.test(line) && isWait(index - 1));
  };
  const kept = lines
    .slice(0, before(acts.last + 1))
    .filter((_, index) => index >= before(acts.first) && !isWait(index));
  return ['\x1b[36m$\x1b[0m npm run demo', '\x1b[2m    …\x1b[22m', ...kept, '\x1b[2m    …\x1b[22m'];
}

await writeFile(target, picture(shown(await played())));
console.log(`Wrote ${target}.`);
