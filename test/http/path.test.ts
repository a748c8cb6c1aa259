import { describe, expect, test } from 'vitest';
import { digestFrom, runFrom, runQueryFrom, trackedFrom } from '../../src/lib/api/path.ts';
import { Refusal } from '../../src/lib/api/problem.ts';
import { catalog } from '../functions/catalog.ts';

function problemOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error.problem;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('an image and a tag', () => {
  test('that the catalog follows are taken', () => {
    expect(trackedFrom(catalog, { image: 'node', tag: '9-alpine' })).toEqual({ image: 'node', tag: '9-alpine' });
    expect(trackedFrom(catalog, { image: 'python', tag: '3.13' })).toEqual({ image: 'python', tag: '3.13' });
  });

  test.each([
    [{ image: 'ruby', tag: '3' }, 404, 'image', 'no image ruby'],
    [{ image: 'node', tag: '22' }, 404, 'tag', 'node:22 is not in the catalog'],
    [{ image: '../node', tag: '9-alpine' }, 400, 'image', 'image'],
    [{ image: 'NODE', tag: '9-alpine' }, 400, 'image', 'image'],
    [{ image: '', tag: '9-alpine' }, 400, 'image', 'image'],
    [{ image: 'node', tag: '-rf' }, 400, 'tag', 'tag'],
    [{ image: 'node', tag: 'x'.repeat(129) }, 400, 'tag', 'tag'],
    [{ image: 'node', tag: '9-alpine/../..' }, 400, 'tag', 'tag'],
    [{ image: 'node' }, 400, 'tag', 'tag'],
  ])('are refused, naming what is wrong: %j', (params, status, field, said) => {
    const problem = problemOf(() => trackedFrom(catalog, params));
    expect(problem).toMatchObject({ status, detail: expect.stringContaining(said), errors: [{ field }] });
  });
});

test.each(['', 'ABC', "r' or 'a' eq 'a", '../x', 'x'.repeat(41)])('refuses %j as the id of a run', (id) => {
  expect(problemOf(() => runFrom({ id }))).toMatchObject({ status: 400, errors: [{ field: 'run' }] });
});

test.each(['', 'latest', 'sha256:abc', `sha256:${'A'.repeat(64)}`])('refuses %j as a digest', (digest) => {
  expect(problemOf(() => digestFrom({ digest }))).toMatchObject({ status: 400, errors: [{ field: 'digest' }] });
});

describe('the query of a list of runs', () => {
  test.each([
    ['', { top: 50 }],
    ['top=7&image=node&tag=9-alpine&outcome=rejected', { top: 7, image: 'node', tag: '9-alpine', outcome: 'rejected' }],
    ['state=active&continue=mwty1p0win4u', { top: 50, state: 'active', continue: 'mwty1p0win4u' }],
    ['code=the-key&top=200', { top: 200 }],
  ])('%j', (text, query) => {
    expect(runQueryFrom(new URLSearchParams(text))).toEqual(query);
  });

  test.each([
    ['top=0', 'top'],
    ['top=201', 'top'],
    ['top=ten', 'top'],
    ['tag=9-alpine', 'tag'],
    ['image=../x', 'image'],
    ['outcome=fine', 'outcome'],
    ['state=asleep', 'state'],
    ['continue=%27', 'continue'],
    ['continue=xyz', 'continue'],
    ['continue=mwty1p0win4', 'continue'],
    ['continue=', 'continue'],
    ['page=2', 'page'],
  ])('is refused, naming the parameter: %s', (text, field) => {
    const problem = problemOf(() => runQueryFrom(new URLSearchParams(text)));
    expect(problem).toMatchObject({ status: 400, errors: [{ field }] });
  });
});
