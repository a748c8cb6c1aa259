import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RealRegistry, startRealRegistry } from './backend.ts';
import { type Front, startFront } from './front.ts';
import { bearerGuard, Clock, readerFor, tag, tokenRule, upstreamAt } from './reading.ts';

let registry: RealRegistry;
let digest: string;
const open: Front[] = [];

beforeAll(async () => {
  registry = await startRealRegistry();
  digest = await registry.push('app', 'one', 'two', 'three');
});
afterAll(() => registry.close());
afterEach(async () => {
  for (const front of open.splice(0)) await front.close();
});

type Options = Parameters<typeof startFront>[0];
async function start(options: Options): Promise<Front> {
  const front = await startFront(options);
  open.push(front);
  return front;
}

/** A registry whose tokens come from a server of their own, both without TLS. */
async function guarded(expiresIn?: number) {
  const tokens = await start({ rule: tokenRule(expiresIn) });
  const front = await start({ backend: registry.port, rule: bearerGuard(() => `${tokens.origin}/token?from=test`) });
  return { tokens, front };
}

const secret = 'planted-password';
const credentials = { UP_USERNAME: 'robot', UP_PASSWORD: secret };
const basicHeader = `Basic ${Buffer.from(`robot:${secret}`).toString('base64')}`;

describe('tokens', () => {
  it('are asked for at the realm of the challenge, for its service and the repository', async () => {
    const { tokens, front } = await guarded();
    const reader = readerFor([front, tokens]);
    expect(await reader.read(upstreamAt(front, 'app'), tag('one'))).toEqual({ kind: 'found', digest });
    const [asked] = tokens.seen;
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({
      from: 'test',
      service: 'test',
      scope: 'repository:app:pull',
    });
    expect(asked?.authorization).toBeUndefined();
  });

  it('are fetched once a repository, however many tags are read at the same time', async () => {
    await registry.push('lib/other', 'one', 'two');
    const { tokens, front } = await guarded();
    const reader = readerFor([front, tokens]);
    const wanted = [
      ...['one', 'two', 'three'].map((name) => reader.read(upstreamAt(front, 'app'), tag(name))),
      ...['one', 'two'].map((name) => reader.read(upstreamAt(front, 'lib/other'), tag(name))),
    ];
    const readings = await Promise.all(wanted);
    expect(readings.map(({ kind }) => kind)).toEqual(Array(5).fill('found'));
    expect(tokens.seen.length).toBe(2);
    expect(front.count('HEAD', /manifests/)).toBe(5);
  });

  it('are used until shortly before they end, then renewed', async () => {
    const { tokens, front } = await guarded(300);
    const clock = new Clock();
    const reader = readerFor([front, tokens], {}, clock);
    const read = () => reader.read(upstreamAt(front, 'app'), tag('one'));
    await read();
    clock.ms += 280_000;
    await read();
    expect(tokens.seen.length).toBe(1);
    clock.ms += 10_000;
    await read();
    expect(tokens.seen.length).toBe(2);
  });

  it('that name no lifetime are renewed within a minute', async () => {
    const { tokens, front } = await guarded();
    const clock = new Clock();
    const reader = readerFor([front, tokens], {}, clock);
    await reader.read(upstreamAt(front, 'app'), tag('one'));
    clock.ms += 55_000;
    await reader.read(upstreamAt(front, 'app'), tag('one'));
    expect(tokens.seen.length).toBe(2);
  });

  it('that a registry refuses before their end are renewed once', async () => {
    let refuse = false;
    const tokens = await start({ rule: tokenRule(3600) });
    const guard = bearerGuard(() => `${tokens.origin}/token`);
    const front = await start({
      backend: registry.port,
      rule: (seen) => {
        if (!refuse || seen.path === '/v2/') return guard(seen);
        refuse = false;
        return guard({ ...seen, authorization: undefined });
      },
    });
    const reader = readerFor([front, tokens]);
    await reader.read(upstreamAt(front, 'app'), tag('one'));
    refuse = true;
    // The server hands out the same token again, so the second refusal is final: nothing else is left to try.
    expect(await reader.read(upstreamAt(front, 'app'), tag('two'))).toMatchObject({ kind: 'unknown' });
    expect(await reader.read(upstreamAt(front, 'app'), tag('two'))).toEqual({ kind: 'found', digest });
    expect(tokens.seen.length).toBe(2);
  });

  it('are asked for where a registry is open in general, and guards a repository', async () => {
    const tokens = await start({ rule: tokenRule() });
    const guard = bearerGuard(() => `${tokens.origin}/token`);
    const front = await start({
      backend: registry.port,
      rule: (seen) => (seen.path === '/v2/' ? { status: 200 } : guard(seen)),
    });
    expect(await readerFor([front, tokens]).read(upstreamAt(front, 'app'), tag('one'))).toEqual({
      kind: 'found',
      digest,
    });
  });
});

describe('credentials', () => {
  it('go to a realm on the registry itself, over https, and the token to the registry', async () => {
    const token = tokenRule();
    let front: Front | undefined;
    const guard = bearerGuard(() => `${front?.origin}/token`);
    front = await start({
      tls: true,
      backend: registry.port,
      rule: (seen) => (seen.path === '/token' ? token(seen) : guard(seen)),
    });
    const reader = readerFor([front], credentials);
    expect(await reader.read(upstreamAt(front, 'app', 'UP'), tag('one'))).toEqual({ kind: 'found', digest });
    expect(front.seen.find(({ path }) => path === '/token')?.authorization).toBe(basicHeader);
    expect(front.seen.find(({ method }) => method === 'HEAD')?.authorization).toBe('Bearer token-for-app');
  });

  it('do not go to a realm elsewhere, and the advice names the setting that allows it', async () => {
    const stranger = await start({ tls: true, rule: tokenRule() });
    const front = await start({ tls: true, backend: registry.port, rule: bearerGuard(() => `${stranger.origin}/t`) });
    const reading = await readerFor([front], credentials).read(upstreamAt(front, 'app', 'UP'), tag('one'));
    expect(reading).toMatchObject({ kind: 'unknown', why: expect.stringContaining(`UP_TOKEN_HOST=${stranger.host}`) });
    expect(stranger.seen).toEqual([]);
    expect(JSON.stringify(reading)).not.toContain(secret);

    const allowed = readerFor([front], { ...credentials, UP_TOKEN_HOST: stranger.host });
    expect(await allowed.read(upstreamAt(front, 'app', 'UP'), tag('one'))).toEqual({ kind: 'found', digest });
  });

  it('do not go over plain http, neither as Basic nor to a realm', async () => {
    const basic = await start({ rule: () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } }) });
    const tokens = await start({ rule: tokenRule() });
    const bearer = await start({ rule: bearerGuard(() => `${tokens.origin}/t`) });
    const reader = readerFor([basic, tokens, bearer], credentials);
    for (const front of [basic, bearer]) {
      expect(await reader.read(upstreamAt(front, 'app', 'UP'), tag('one'))).toMatchObject({ kind: 'unknown' });
    }
    expect([...basic.seen, ...tokens.seen, ...bearer.seen].filter((seen) => seen.authorization)).toEqual([]);
  });

  it('answer a Basic challenge over https', async () => {
    const front = await start({
      tls: true,
      backend: registry.port,
      rule: ({ authorization }) =>
        authorization === basicHeader
          ? undefined
          : { status: 401, headers: { 'www-authenticate': 'Negotiate, Basic realm="r"' } },
    });
    const reader = readerFor([front], credentials);
    expect(await reader.read(upstreamAt(front, 'app', 'UP'), tag('one'))).toEqual({ kind: 'found', digest });
    expect(await reader.read(upstreamAt(front, 'app'), tag('one'))).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('add credentials'),
    });
  });

  it('that are missing are named by their settings, and nothing is asked for', async () => {
    const { tokens, front } = await guarded();
    const reading = await readerFor([front, tokens], { UP_USERNAME: 'robot' }).read(
      upstreamAt(front, 'app', 'UP'),
      tag('one'),
    );
    expect(reading).toMatchObject({ kind: 'unknown', why: expect.stringContaining('UP_PASSWORD') });
    expect(tokens.seen).toEqual([]);
  });

  it('that are wrong are tried once, not once a tag', async () => {
    const token: Front = await start({ tls: true, rule: () => ({ status: 401 }) });
    const front = await start({ tls: true, backend: registry.port, rule: bearerGuard(() => `${token.origin}/t`) });
    const reader = readerFor([front], { ...credentials, UP_TOKEN_HOST: token.host });
    const names = ['one', 'two', 'three', 'one', 'two'];
    const readings = await Promise.all(names.map((name) => reader.read(upstreamAt(front, 'app', 'UP'), tag(name))));
    for (const reading of readings) {
      expect(reading).toMatchObject({ kind: 'unknown', why: expect.stringContaining('refuses the credentials UP') });
      expect(JSON.stringify(reading)).not.toContain(secret);
    }
    expect(token.seen.length).toBe(1);
  });

  it('never stand in what a realm without https is asked for', async () => {
    const front = await start({ tls: true, rule: bearerGuard(() => 'http://169.254.169.254/token') });
    expect(await readerFor([front]).read(upstreamAt(front, 'app'), tag('one'))).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('no https address'),
    });
  });
});
