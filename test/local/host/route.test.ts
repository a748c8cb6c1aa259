import { expect, test } from 'vitest';
import { parseRoute } from '../../../local/host/http/route.ts';

test.each([
  ['api/items', '/api/items', {}],
  ['api/items', '/API/Items/', {}],
  ['api/items', '/api/items/1', undefined],
  ['items/{id}', '/items/a%2Fb', { id: 'a/b' }],
  ['items/{id}', '/items/', undefined],
  ['items/{id?}', '/items', {}],
  ['items/{id=7}', '/items', { id: '7' }],
  ['items/{id:int}', '/items/12', { id: '12' }],
  ['items/{id:int}', '/items/x', undefined],
  ['items/{id:int:min(10)}', '/items/9', undefined],
  ['items/{id:range(1,3)?}', '/items/2', { id: '2' }],
  ['items/{id:guid}', '/items/0e4f7b7c-8f1f-4c7e-9d5e-9a2b6f3a1c00', { id: '0e4f7b7c-8f1f-4c7e-9d5e-9a2b6f3a1c00' }],
  ['items/{id:regex(^[a-z]{{2}}$)}', '/items/ab', { id: 'ab' }],
  ['items/{id:regex(^[a-z]{{2}}$)}', '/items/abc', undefined],
  ['{a}{b:int}', '/x7', { a: 'x', b: '7' }],
  ['items/{id:maxlength(2)}', '/items/abc', undefined],
  ['files/{*path}', '/files/a/b/c', { path: 'a/b/c' }],
  ['files/{*path}', '/files', {}],
  ['{name}.{extension}', '/report.txt', { name: 'report', extension: 'txt' }],
  ['tags/v{major}-x', '/tags/v3-x', { major: '3' }],
  ['a.b/{id}', '/aXb/1', undefined],
])('%s on %s gives %j', (template, path, expected) => {
  const route = parseRoute(template);
  if ('error' in route) throw new Error(route.error);
  expect(route.match(path)).toEqual(expected);
});

test.each([
  ['items/{id:unknown}', /constraint 'unknown'/],
  ['items/{}', /not a route parameter name/],
])('%s is refused', (template, message) => {
  expect(parseRoute(template)).toEqual({ error: expect.stringMatching(message) });
});
