import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RealRegistry, startRealRegistry } from './backend.ts';
import { type Front, type Rule, startFront } from './front.ts';
import { bearerGuard, Clock, readerFor, tag, tokenRule, upstreamAt } from './reading.ts';

let registry: RealRegistry;
const open: Front[] = [];

beforeAll(async () => {
  registry = await startRealRegistry();
  await registry.push('app', 'one');
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

const many = (count: number) => Array.from({ length: count }, (_, at) => tag(`t${at}`));

describe('a host that asks to wait', () => {
  it('is not asked before its time, and every reading until then is unknown', async () => {
    let throttle = true;
    const front = await start(({ method }) =>
      throttle && method === 'HEAD' ? { status: 429, headers: { 'retry-after': '120' } } : undefined,
    );
    const clock = new Clock();
    const reader = readerFor([front], {}, clock);
    const read = () => reader.read(upstreamAt(front, 'app'), tag('one'));
    expect(await read()).toMatchObject({ kind: 'unknown', why: expect.stringContaining('429') });
    throttle = false;
    clock.ms += 119_000;
    expect(await read()).toMatchObject({ kind: 'unknown', why: expect.stringContaining('2026-03-01T12:02:00.000Z') });
    expect(front.count('HEAD', /./)).toBe(1);
    clock.ms += 1000;
    expect(await read()).toMatchObject({ kind: 'found' });
  });

  it('is left alone for a minute where it names no time', async () => {
    const front = await start(({ method }) => (method === 'HEAD' ? { status: 429 } : undefined));
    const clock = new Clock();
    const reader = readerFor([front], {}, clock);
    await reader.read(upstreamAt(front, 'app'), tag('one'));
    expect(await reader.read(upstreamAt(front, 'app'), tag('one'))).toMatchObject({
      why: expect.stringContaining('12:01:00.000Z'),
    });
  });

  it('stops what stands in line for it, and nobody else', async () => {
    const busy = await start(({ method }) =>
      method === 'HEAD' ? { status: 503, headers: { 'retry-after': '30' } } : undefined,
    );
    const idle = await start();
    const reader = readerFor([busy, idle], { SLUICE_UPSTREAM_CONCURRENCY: '2' });
    const readings = await Promise.all([
      ...many(50).map((name) => reader.read(upstreamAt(busy, 'app'), name)),
      reader.read(upstreamAt(idle, 'app'), tag('one')),
    ]);
    expect(readings.slice(0, 50).every(({ kind }) => kind === 'unknown')).toBe(true);
    expect(readings[50]).toMatchObject({ kind: 'found' });
    expect(busy.count('HEAD', /./)).toBeLessThanOrEqual(2);
  });

  it('may be the one that hands out tokens', async () => {
    const tokens = await start(() => ({ status: 429, headers: { 'retry-after': '60' } }));
    const front = await start(bearerGuard(() => `${tokens.origin}/t`));
    const reader = readerFor([front, tokens], {}, new Clock());
    for (const repository of ['app', 'other', 'third']) {
      expect(await reader.read(upstreamAt(front, repository), tag('one'))).toMatchObject({
        kind: 'unknown',
        why: expect.stringContaining(tokens.host),
      });
    }
    expect(tokens.seen.length).toBe(1);
  });
});

describe('a host that is dead or slow', () => {
  it('does not keep another from being read', async () => {
    const dead = await start(() => 'hang');
    const alive = await start();
    const reader = readerFor([dead, alive]);
    const hanging = many(30).map((name) => reader.read(upstreamAt(dead, 'app'), name));
    expect(await reader.read(upstreamAt(alive, 'app'), tag('one'))).toMatchObject({ kind: 'found' });
    await dead.close();
    expect((await Promise.all(hanging)).every(({ kind }) => kind === 'unknown')).toBe(true);
  });

  it('is asked a few times, not once a tag', async () => {
    const dead = await start(({ path }) => (path === '/v2/' ? { status: 200 } : 'hang'));
    const settings = { SLUICE_UPSTREAM_TIMEOUT: '0.1', SLUICE_UPSTREAM_CONCURRENCY: '4' };
    const reader = readerFor([dead], settings);
    const readings = await Promise.all(many(100).map((name) => reader.read(upstreamAt(dead, 'app'), name)));
    expect(readings.every(({ kind }) => kind === 'unknown')).toBe(true);
    expect(dead.count('HEAD', /./)).toBeLessThanOrEqual(8);
  });
});

describe('many tags', () => {
  it('are read over a bounded number of kept connections', async () => {
    const names = many(60);
    await registry.push('many', ...names);
    const front = await start();
    const reader = readerFor([front], { SLUICE_UPSTREAM_CONCURRENCY: '5' });
    const readings = await Promise.all(names.map((name) => reader.read(upstreamAt(front, 'many'), name)));
    expect(readings.every(({ kind }) => kind === 'found')).toBe(true);
    expect(front.most()).toBeLessThanOrEqual(5);
    expect(front.connections()).toBeLessThanOrEqual(6);
  });

  it('cost one HEAD each and one token a repository, also in the very first round', async () => {
    const repositories = Array.from({ length: 5 }, (_, at) => `lib/r${at}`);
    const names = many(8);
    for (const repository of repositories) await registry.push(repository, ...names);
    const tokens = await start(tokenRule(3600));
    const front = await start(bearerGuard(() => `${tokens.origin}/t`));
    const reader = readerFor([front, tokens]);
    const round = () =>
      Promise.all(repositories.flatMap((name) => names.map((one) => reader.read(upstreamAt(front, name), one))));
    for (let rounds = 1; rounds <= 3; rounds++) {
      expect((await round()).every(({ kind }) => kind === 'found')).toBe(true);
      expect(front.count('HEAD', /./)).toBe(40 * rounds);
    }
    expect(tokens.seen.length).toBe(5);
  });
});
