import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { advanceLine, eventLine, tickLine, transitionLine, troubleLine } from '../../src/lib/log/lines.ts';
import { play } from '../simulation/play.ts';
import { scenario } from '../simulation/scenario.ts';
import { readText, root } from './deployment.ts';

interface Query {
  readonly name: string;
  readonly text: string;
}

const queries: readonly Query[] = readdirSync(`${root}infra/queries`).map((name) => ({
  name,
  text: readText(`infra/queries/${name}`),
}));
/** Those that go on where transitions.kql ends. */
const ofTransitions = queries.filter(({ name, text }) => name === 'transitions.kql' || text.startsWith('|'));

type Line = Readonly<Record<string, unknown>>;
const parsed = (line: string) => JSON.parse(line) as Line;

describe('the lines that the queries read', () => {
  /** What the pipeline really tells while it runs: whole runs, with faults, operators and bad images. */
  let transitions: readonly Line[];

  beforeAll(async () => {
    const told: Line[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      const { world } = await play(scenario(seed));
      told.push(...world.transitions.map((event) => parsed(transitionLine(event, 'an invocation'))));
    }
    transitions = told;
  });

  test('have every field of a transition that a query asks for', () => {
    const written = new Set(transitions.flatMap((line) => Object.keys(line)));
    const asked = ofTransitions.flatMap(({ text }) => fieldsOf(text));
    expect(asked).toContain('outcome');
    expect(asked.filter((field) => !written.has(field))).toEqual([]);
  });

  test('go through the states that queries and alerts look for', () => {
    const states = new Set(transitions.flatMap(({ from, to, outcome }) => [from, to, outcome]));
    const outcomes = new Set(outcomesOfTheModel());
    const sought = ofTransitions.flatMap(({ text }) => statesOf(text));
    expect(sought).toEqual(expect.arrayContaining(['parked (stalled)', 'rebuild', 'rejected']));
    expect(sought.filter((state) => !states.has(state) && !outcomes.has(state))).toEqual([]);
  });

  test('end a run with one of the outcomes that the workbook offers', () => {
    const offered = /var outcomes = \[([^\]]+)\]/.exec(readText('infra/modules/workbook.bicep'))?.[1] ?? '';
    const words = [...offered.matchAll(/'([^']+)'/g)].map(([, word]) => word);
    expect(words.sort()).toEqual(outcomesOfTheModel().sort());
  });

  test('tell times that a query can compute with', () => {
    for (const { at } of transitions) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('have every field of a tick, an event and a trouble that a query asks for', () => {
    const tick = { function: 'sweep', tags: 1, requests: 2, changed: 0, postponed: 0, unknown: 0, durationMs: 3 };
    const event = { result: 'malformed', why: 'no', repository: 'a', tag: 'b', type: 'c', runs: [] } as const;
    const written = new Map(
      [
        tickLine(tick, 'i'),
        eventLine(event, 'i'),
        troubleLine({ of: 'a tag', why: 'no' }, 'i'),
        advanceLine({ run: 'r', image: 'a', tag: 'b', result: 'done' }, 'i'),
      ].map((line) => [String(parsed(line).name), Object.keys(parsed(line))]),
    );
    for (const { text, name } of queries.filter((query) => !ofTransitions.includes(query))) {
      const names = [...text.matchAll(/'(sluice\.\w+)'/g)].map(([, line]) => line ?? '');
      const fields = new Set(names.flatMap((line) => written.get(line) ?? []));
      expect(
        fieldsOf(text).filter((field) => !fields.has(field)),
        name,
      ).toEqual([]);
    }
  });
});

function fieldsOf(query: string): string[] {
  return [...query.matchAll(/\bline\['(\w+)'\]/g)].map(([, field]) => field ?? '');
}

/** Texts that before, after, outcome or state are compared with; a beginning (`startswith`) is no state by itself. */
function statesOf(query: string): string[] {
  const comparisons = [...query.matchAll(/\b(?:before|after|outcome|state) (?:==|in) (\('[^)]*'\)|'[^']*')/g)];
  return comparisons.flatMap(([, values]) =>
    [...(values ?? '').matchAll(/'([^']+)'/g)].map(([, value]) => value ?? ''),
  );
}

function outcomesOfTheModel(): string[] {
  const union = /export type Outcome =([^;]+);/.exec(readText('src/lib/pipeline/model.ts'))?.[1] ?? '';
  return [...union.matchAll(/'([^']+)'/g)].map(([, outcome]) => outcome ?? '');
}
