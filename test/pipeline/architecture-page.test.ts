/** docs/architecture.md is true: its tables say what the code says, and what they name exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../src/lib/catalog/duration.ts';
import { limits, periodTable } from '../../src/lib/pipeline/periods.ts';
import { controls } from '../simulation/controls.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const page = read('docs/architecture.md');

function section(heading: string): string {
  const from = page.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`The page has no heading '${heading}'`);
  const end = page.slice(from + heading.length + 2).search(/\n##+ /);
  return end < 0 ? page.slice(from) : page.slice(from, from + heading.length + 2 + end);
}

function rows(heading: string, first: RegExp): string[][] {
  return section(heading)
    .split('\n')
    .filter((line) => line.startsWith('| ') && first.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const inWords = (ms: number) => (ms > 0 && ms < 1000 ? `${ms / 1000}s` : formatDuration(ms));

describe('the table of periods', () => {
  it('has each period with its default, its bounds and its reason, in the order of the code', () => {
    const expected = Object.entries(periodTable).map(
      ([name, { value, min, max, why }]) =>
        `| \`${name}\` | ${inWords(value)} | ${inWords(min)} to ${inWords(max)} | ${why} |`,
    );
    const lines = section('## Time').split('\n');
    expect(lines.slice(lines.indexOf('|---|---|---|---|') + 1).slice(0, expected.length)).toEqual(expected);
    expect(lines[lines.indexOf('|---|---|---|---|') + 1 + expected.length]).toBe('');
  });

  it('is followed by each limit with its value', () => {
    const named = rows('## Time', /^\| `\w+` \| \d+ \|/).map(([name, value]) => [
      name?.replaceAll('`', ''),
      Number(value),
    ]);
    expect(named).toEqual(Object.entries(limits));
  });
});

describe('the table of rules', () => {
  const rules = rows('### The rules', /` · `/);

  it('is there', () => {
    expect(rules.length).toBeGreaterThan(25);
  });

  it.each(rules.map(([rule = '', , where = '']) => [rule, where] as const))(
    'names a place that exists: %s',
    (_rule, where) => {
      const found = /^`([\w/-]+\.ts)` · (.+)$/.exec(where);
      const text = read(`src/lib/${found?.[1]}`);
      const names = [...(found?.[2] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name);
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(text).toMatch(new RegExp(`(function|const) ${name}\\b`));
    },
  );

  it.each(rules.map(([rule = '', , , shown = '']) => [rule, shown] as const))(
    'names what shows it: %s',
    (_rule, shown) => {
      const invariants = read('test/simulation/invariants.ts') + read('test/simulation/final-invariants.ts');
      const shows = shown.split(/, (?=invariant|control)/);
      for (const one of shows) {
        const [, control] = /^control \*(.+)\*$/.exec(one) ?? [];
        const [, invariant] = /^invariant `(\w+)`$/.exec(one) ?? [];
        const [, test] = /^`(test\/[\w/.-]+)`$/.exec(one) ?? [];
        if (control !== undefined) expect(controls.map(({ name }) => name)).toContain(control);
        else if (invariant !== undefined) expect(invariants).toMatch(new RegExp(`\\b${invariant}\\(.*\\{`));
        else expect(test !== undefined && existsSync(root + test), one).toBe(true);
      }
    },
  );

  it('shows every control', () => {
    const named = rules.flatMap(([, , , shown = '']) =>
      [...shown.matchAll(/control \*([^*]+)\*/g)].map(([, name]) => name),
    );
    expect([...new Set(named)].sort()).toEqual(controls.map(({ name }) => name).sort());
  });
});

describe('the page', () => {
  it('names every method of the invariants that it lists', () => {
    const invariants = read('test/simulation/invariants.ts') + read('test/simulation/final-invariants.ts');
    const named = [...section('## What the simulation holds').matchAll(/\(`(\w+)`(?:, `(\w+)`)?\)/g)];
    const names = named.flatMap(([, ...found]) => found.filter((name) => name !== undefined));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(invariants).toMatch(new RegExp(`\\b${name}\\(.*\\{`));
  });

  it('names the folders of the code, each', () => {
    const folders = readdirSync(`${root}src/lib`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) expect(section('## Layout')).toContain(`src/lib/${name}/`);
  });
});
