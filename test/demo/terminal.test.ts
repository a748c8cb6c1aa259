import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openTerminal, type Terminal } from '../../local/demo/terminal.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const red = (text: string) => `\x1b[31m${text}\x1b[39m`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
const visible = (text: string) => text.replaceAll(/\x1b\[\d*[mK]/g, '');
const words = 'a sentence that is a good deal longer than any terminal in this test is wide '.repeat(3).trim();

function open(output: { columns?: number; isTTY?: boolean } = {}): { terminal: Terminal; written: () => string } {
  const texts: string[] = [];
  const terminal = openTerminal({ ...output, write: (text) => texts.push(text) }, () => 12_345);
  return { terminal, written: () => texts.join('') };
}

test.each([undefined, 140, 80, 50])('lines fit into %s columns, nothing is lost, and no colour is cut', (columns) => {
  const { terminal, written } = open({ ...(columns === undefined ? {} : { columns }), isTTY: true });
  terminal.heading('1', words);
  terminal.paragraph(words, red);
  terminal.note('saw', 'label', words.split(' ').map(red).join(' '));
  const lasting = written();
  const busy = terminal.busy('label');
  busy.text(words);
  vi.advanceTimersByTime(300);
  busy.end();
  const lines = written()
    .split(/[\n\r]/)
    .map(visible);
  expect(lines.filter((line) => line.length > Math.min(100, columns ?? 100))).toEqual([]);
  expect(visible(lasting).replaceAll(/\s+/g, ' ').split(words)).toHaveLength(4);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  expect(written().replaceAll(/\x1b\[\d*[mK]/g, '')).not.toContain('\x1b');
});

test('a heading has the time at its right, where there is room', () => {
  const time = /title +0\.0 s\n$/;
  const heading = (columns: number) => {
    const { terminal, written } = open({ columns });
    terminal.heading('1', 'a rather long title');
    return written();
  };
  expect(heading(80)).toMatch(time);
  expect(heading(26)).not.toMatch(time);
});

test('where lines cannot be drawn over, a wait that takes long is said whole, once', () => {
  const { terminal, written } = open();
  const busy = terminal.busy('label');
  busy.text(words);
  vi.advanceTimersByTime(1000);
  expect(written()).toBe('');
  vi.advanceTimersByTime(10_000);
  busy.end();
  expect(written().replaceAll(/\s+/g, ' ')).toBe(` . label ${words} `);
});

test('after the last word nothing is shown, neither of what was under way nor of what comes', () => {
  const { terminal, written } = open({ isTTY: true, columns: 80 });
  terminal.busy('label').text('under way');
  terminal.end('Interrupted.');
  const before = written();
  terminal.note('wrong', 'failed', 'late');
  vi.advanceTimersByTime(1000);
  expect(written()).toBe(before);
  expect(before).toMatch(/Interrupted\.\n$/);
});
