import { expect, it } from 'vitest';
import { nextLink } from '../../src/lib/upstream/link.ts';

const base = new URL('https://r.example/v2/a/tags/list');

it.each([
  ['</v2/a/tags/list?last=b&n=2>; rel="next"', 'https://r.example/v2/a/tags/list?last=b&n=2'],
  ['<?last=b>;rel=next', 'https://r.example/v2/a/tags/list?last=b'],
  ['</x>; rel="prev", </y,z>; title="a, b"; rel="last next"', 'https://r.example/y,z'],
  ['<https://other.example/y>; rel="next"', 'https://other.example/y'],
])('finds the next page in %s', (header, expected) => {
  expect(nextLink(header, base)?.href).toBe(expected);
});

it.each([null, '', '</x>; rel="prev"', '<>; rel="next"', '</x>; rel="nextish"', '</x>'])(
  'finds no next page in %j',
  (header) => {
    expect(nextLink(header, base)).toBeUndefined();
  },
);
