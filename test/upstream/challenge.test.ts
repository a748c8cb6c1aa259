import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../src/lib/upstream/challenge.ts';

function read(header: string) {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

const hub =
  'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/node:pull"';

describe('the challenges of a WWW-Authenticate header', () => {
  it.each([
    [
      hub,
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:library/node:pull',
          },
        ],
      ],
    ],
    ['Basic realm="Registry Realm"', [['basic', { realm: 'Registry Realm' }]]],
    ['Basic', [['basic', {}]]],
    ['bearer REALM=https://a.example/t , service = "s"', [['bearer', { realm: 'https://a.example/t', service: 's' }]]],
    ['Bearer realm="a, Basic realm=\\"b\\"", service="c"', [['bearer', { realm: 'a, Basic realm="b"', service: 'c' }]]],
    [
      'Basic realm="x", Bearer realm="y",service="z"',
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y', service: 'z' }],
      ],
    ],
    [
      'Negotiate YWJj==, Bearer realm="y"',
      [
        ['negotiate', { token68: 'YWJj==' }],
        ['bearer', { realm: 'y' }],
      ],
    ],
    [
      'Negotiate, Basic realm="x", charset="UTF-8"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x', charset: 'UTF-8' }],
      ],
    ],
    ['Bearer realm="y" service="no comma"', [['bearer', { realm: 'y', service: 'no comma' }]]],
    ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
    ['Bearer realm="y",error="invalid_token",', [['bearer', { realm: 'y', error: 'invalid_token' }]]],
    [', ,Basic realm=x', [['basic', { realm: 'x' }]]],
  ])('reads %s', (header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it.each(['', '   ', ',,,', '"quoted"', '=x'])('reads nothing from %j', (header) => {
    expect(read(header)).toEqual([]);
  });

  it('reads nothing where there is no header', () => {
    expect(parseChallenges(null)).toEqual([]);
  });

  it('comes to an end with any text', () => {
    const pieces = ['Bearer', ' ', ',', '"', '\\', '=', 'realm', 'a=b', '\t', 'é'];
    for (let i = 0; i < 5000; i++) {
      const length = i % 12;
      const text = Array.from({ length }, (_, at) => pieces[(i * 7 + at * at * 3 + ((i >> at) & 5)) % pieces.length]);
      expect(Array.isArray(parseChallenges(text.join('')))).toBe(true);
    }
  });
});
