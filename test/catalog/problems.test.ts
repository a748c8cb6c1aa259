import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../src/lib/catalog/problem.ts';
import { head, problemsOf, subscription } from './load-text.ts';
import { files, registries, shape, withImage } from './wrong-catalogs.ts';
import { between, entries, upstreams } from './wrong-images.ts';

describe.each([
  ['the shape', shape],
  ['registries', registries],
  ['upstreams', upstreams],
  ['validations', entries],
  ['what stands between the parts', between],
])('in %s', (_, list) => {
  it.each(list)('refuses %s', (_title, text, path, part, hint) => {
    const problems = problemsOf(text, { files });
    expect(problems.map((it) => it.path)).toEqual([path]);
    const [problem] = problems;
    expect(`${problem?.message} ${problem?.expected}`).toContain(part);
    expect(problem?.hint).toBe(hint);
    expect(problem?.expected).not.toBe('');
    expect(problem?.expected).not.toMatch(/Invalid|expected/);
  });
});

describe('a dependent whose registry and name are both wrong', () => {
  it('is told both at once, with the registry that was probably meant', () => {
    const problems = problemsOf(withImage('dependents: { tasks: [dv/x] }'));
    expect(problems.map(({ message, hint }) => [message, hint])).toEqual([
      ['No registry has the key dv.', 'Did you mean dev?'],
      ['x cannot be the name of a task.', undefined],
    ]);
  });
});

describe('images that share a repository', () => {
  it('are refused, with the one that has it already', () => {
    const problems = problemsOf(`${head}images:
  a: { upstream: docker.io/library/a, tags: [x], target: base-images/b }
  b: { upstream: docker.io/library/b, tags: [x] }
  c: { upstream: docker.io/library/c, tags: [x], staging: base-images/b }
`);
    expect(problems.map((it) => [it.line, it.message])).toEqual([
      [7, 'base-images/b is the target of a already.'],
      [8, 'base-images/b is the target of a already.'],
    ]);
  });
});

describe('a loop through several images', () => {
  it('is refused at each of them, and an image that only leads into it is not blamed', () => {
    const problems = problemsOf(`${head}images:
  a: { upstream: buffer/base-images/c, tags: [x] }
  b: { upstream: buffer/base-images/a, tags: [x] }
  c: { upstream: buffer/base-images/b, tags: [x] }
  d: { upstream: buffer/base-images/a, tags: [x] }
`);
    expect(problems.map((it) => it.path)).toEqual(['images.a.upstream', 'images.b.upstream', 'images.c.upstream']);
    expect(problems[0]?.message).toMatch(/leads back to its own upstream: . → . → . → .\./);
  });
});

describe('a wrong catalog', () => {
  it('is answered with all its errors at once, in the order of the file', () => {
    const problems = problemsOf(`buffer: bufer
registries:
  buffer: { name: "\${NAME}", subscription: ${subscription}, resourceGroup: rg }
  dev: { name: contosodev, kik: false }
images:
  a:
    upstream: dv/x
    tags: [1, x, x]
    target: base-images/b
    validate: [{ run: a }, { script: validations/none.sh }]
    gate: { soak: 5, approval: yes }
  b:
    upstream: docker.io/library/b
    tags: [x]
    dependents: { tasks: [nowhere/hello], maxParallel: -1 }
`);
    expect(problems.map((it) => `${it.line}:${it.column} ${it.path}`)).toEqual([
      '1:9 buffer',
      '3:19 registries.buffer.name',
      '4:28 registries.dev.kik',
      '7:15 images.a.upstream',
      '8:12 images.a.tags[0]',
      '8:18 images.a.tags[2]',
      '10:23 images.a.validate[0].run',
      '10:38 images.a.validate[1].script',
      '11:19 images.a.gate.soak',
      '11:32 images.a.gate.approval',
      '15:27 images.b.dependents.tasks[0]',
      '15:56 images.b.dependents.maxParallel',
    ]);
  });

  it.each([
    ['nothing at all', '', '1:1'],
    ['a text', 'hello', '1:1'],
    ['broken YAML', 'buffer: [a\n', '2:1'],
    ['a key twice', 'buffer: a\nbuffer: b\n', '2:1'],
    ['an alias that leads into itself', 'buffer: &a [*a]\n', '1:1'],
    ['an alias of nothing', 'buffer: *a\n', '1:9'],
  ])('may be %s', (_, text, place) => {
    const [problem] = problemsOf(text);
    expect(`${problem?.line}:${problem?.column}`).toBe(place);
  });

  it('says so where a setting stands unquoted between braces', () => {
    const [problem, ...more] = problemsOf('buffer: a\nregistries: { a: { name: \u0024{NAME} } }\n');
    expect(problem).toMatchObject({ line: 2, hint: 'Inside { } and [ ], a value with \u0024{…} must be in quotes.' });
    expect(more).toEqual([]);
  });

  it('points into what an alias stands for', () => {
    const text = `${head}defaults: { gate: &gate { soak: 5 } }\nimages:\n  a: { upstream: docker.io/library/a, tags: [x], gate: *gate }\n`;
    expect(problemsOf(text).map((it) => [it.line, it.path])).toEqual([
      [5, 'defaults.gate.soak'],
      [5, 'images.a.gate.soak'],
    ]);
  });

  it('reads as file, place, path, what is wrong, what was expected', () => {
    expect(formatProblems(problemsOf(withImage('gates: {}')))).toBe(
      [
        'sluice.yaml:6:56  images.node.gates: The key gates is not known here.',
        '    Expected one of upstream, tags, staging, target, validate, gate, dependents.',
        '    Did you mean gate?',
        '1 problem.',
      ].join('\n'),
    );
  });
});
