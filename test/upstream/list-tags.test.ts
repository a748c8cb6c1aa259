import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RealRegistry, startRealRegistry } from './backend.ts';
import { type Front, type Rule, startFront } from './front.ts';
import { bearerGuard, readerFor, tokenRule, upstreamAt } from './reading.ts';

let registry: RealRegistry;
const open: Front[] = [];

beforeAll(async () => {
  registry = await startRealRegistry();
  await registry.push('app', 'a', 'b', 'c');
});
afterAll(() => registry.close());
afterEach(async () => {
  for (const front of open.splice(0)) await front.close();
});

async function start(rule?: Rule): Promise<Front> {
  const front = await startFront({ backend: registry.port, ...(rule && { rule }) });
  open.push(front);
  return front;
}

/** A registry that lists two tags a page, with an ETag for each. */
function paged(tags: () => readonly string[], path = '/v2/app/tags/list'): Rule {
  return ({ query, headers, path: asked }) => {
    if (asked === '/v2/') return { status: 200 };
    const from = Number(query.get('last') ?? 0);
    const page = tags().slice(from, from + 2);
    const etag = `"${page.join()}"`;
    const more = from + 2 < tags().length;
    const next = more ? { link: `<${path}?last=${from + 2}>; rel="next"` } : {};
    if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
    return { status: 200, headers: { etag, ...next }, body: JSON.stringify({ name: 'app', tags: page }) };
  };
}

const list = (front: Front, others: Front[] = []) => readerFor([front, ...others]).tags(upstreamAt(front, 'app'));

describe('the tags of a repository', () => {
  it('are listed, by token where the registry wants one', async () => {
    const tokens = await start(tokenRule());
    const front = await start(bearerGuard(() => `${tokens.origin}/t`));
    const listed = await list(front, [tokens]);
    expect(listed.kind === 'found' && [...listed.tags].sort()).toEqual(['a', 'b', 'c']);
  });

  it('are followed over all pages', async () => {
    const front = await start(paged(() => ['a', 'b', 'c', 'd', 'e']));
    expect(await list(front)).toEqual({ kind: 'found', tags: ['a', 'b', 'c', 'd', 'e'] });
  });

  it('are not transferred again while a page has not changed', async () => {
    let tags = ['a', 'b', 'c'];
    const front = await start(paged(() => tags));
    const reader = readerFor([front]);
    const read = () => reader.tags(upstreamAt(front, 'app'));
    await read();
    expect(await read()).toEqual({ kind: 'found', tags });
    expect(front.seen.filter(({ headers }) => headers['if-none-match'] !== undefined).length).toBe(2);
    tags = ['a', 'b', 'd', 'e'];
    expect(await read()).toEqual({ kind: 'found', tags });
  });

  it('may be none', async () => {
    const front = await start(({ path }) => (path === '/v2/' ? undefined : { status: 200, body: '{"tags":null}' }));
    expect(await list(front)).toEqual({ kind: 'found', tags: [] });
  });
});

describe('a list that cannot be had whole', () => {
  it.each<[string, Rule, RegExp]>([
    ['an unknown repository', () => ({ status: 404 }), /no repository app/],
    ['a refusal', () => ({ status: 403 }), /refused/],
    ['an error', () => ({ status: 502 }), /502/],
    ['something else', () => ({ status: 200, body: '<html>' }), /no list/],
    ['a page elsewhere', paged(() => ['a', 'b', 'c'], 'https://evil.example/list'), /evil\.example/],
    ['pages without end', paged(() => ['a', 'b', 'c'], '/v2/app/tags/list?x=1'), /pages/],
  ])('is unknown: %s', async (_, rule, why) => {
    const front = await start((seen) => (seen.path === '/v2/' ? { status: 200 } : rule(seen)));
    expect(await list(front)).toMatchObject({ kind: 'unknown', why: expect.stringMatching(why) });
  });
});
