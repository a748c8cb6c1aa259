import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';

const wait = { timeout: 50_000, interval: 100 };

/** An approval and a long soak, so that runs stand still where a command finds them. No validation: none is needed. */
const catalog = `
buffer: buffer
registries:
  buffer:
    name: \${SLUICE_BUFFER_NAME}
    subscription: \${SLUICE_SUBSCRIPTION}
    resourceGroup: \${SLUICE_RESOURCE_GROUP}
    loginServer: \${SLUICE_BUFFER_LOGIN_SERVER}
images:
  asked: { upstream: buffer/public/asked, tags: ["1"], gate: { approval: required } }
  soaked: { upstream: buffer/public/soaked, tags: ["1"], gate: { soak: 2h } }
`;

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({ catalog });
});
afterAll(() => sluice?.close());

const reason = 'the test asks for it';
const post = (path: string, body: object = {}) => sluice.call('POST', path, { reason, ...body });
let seed = 0;
const push = (name: string) => sluice.push(`public/${name}:1`, { env: { SEED: String(seed++) } });

/** The active run of that digest, once it stands where it is wanted. */
async function runThat(image: string, digest: string, stands: object) {
  return vi.waitFor(async () => {
    const { body } = await sluice.call('GET', `runs?image=${image}&tag=1&state=active`);
    const found = body.runs.find((run: { digest: string }) => run.digest === digest);
    expect(found).toBeDefined();
    const { body: run } = await sluice.call('GET', `runs/${found.id}`);
    expect(run).toMatchObject(stands);
    return run;
  }, wait);
}

const waitsForApproval = { parked: { for: 'approval' } };

describe('approval', () => {
  test('promotes the digest that was looked at, and records who gave it', async () => {
    const digest = await push('asked');
    const { id } = await runThat('asked', digest, waitsForApproval);
    const answer = await post(`runs/${id}/approve`, { digest });
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/api/runs/${id}`]);
    await vi.waitFor(async () => expect(await sluice.digestOf('base-images/asked:1')).toBe(digest), wait);
    const { body } = await sluice.call('GET', `runs/${id}`);
    expect(body.approved).toMatchObject({ by: 'key', reason });
  });

  test('of another digest is refused, with the state that was found', async () => {
    const digest = await push('asked');
    const { id } = await runThat('asked', digest, waitsForApproval);
    const answer = await post(`runs/${id}/approve`, { digest: `sha256:${'0'.repeat(64)}` });
    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ status: 409, state: { id, digest, parked: { for: 'approval' } } });
    expect((await post(`runs/${id}/reject`, { digest })).status).toBe(202);
  });

  test('that is not given for what was rejected: the digest is blocked until it is unblocked', async () => {
    const digest = await push('asked');
    const { id } = await runThat('asked', digest, waitsForApproval);
    expect((await post(`runs/${id}/reject`, { digest })).status).toBe(202);
    const late = await post(`runs/${id}/approve`, { digest });
    expect(late.body).toMatchObject({ status: 409, state: { outcome: 'rejected' } });
    const path = `images/asked/tags/1/digests/${encodeURIComponent(digest)}/unblock`;
    expect(await post(path)).toMatchObject({ status: 200, body: { result: 'done' } });
    expect(await post(path)).toMatchObject({ status: 200, body: { result: 'nothing' } });
  });
});

describe('a run', () => {
  test('that soaks is expedited, once', async () => {
    const digest = await push('soaked');
    const { id } = await runThat('soaked', digest, { stage: 'promote' });
    expect((await post(`runs/${id}/expedite`)).status).toBe(202);
    await vi.waitFor(async () => expect(await sluice.digestOf('base-images/soaked:1')).toBe(digest), wait);
  });

  test('that soaks is cancelled; then it has ended, and says so', async () => {
    const digest = await push('soaked');
    const { id } = await runThat('soaked', digest, { stage: 'promote' });
    expect(await post(`runs/${id}/retry`)).toMatchObject({ status: 409, body: { detail: /not stalled/ } });
    expect((await post(`runs/${id}/cancel`)).status).toBe(202);
    const again = await post(`runs/${id}/cancel`);
    expect(again).toMatchObject({
      status: 200,
      body: { result: 'nothing', run: id, why: expect.stringContaining('cancelled') },
    });
  });
});

describe('hold and resume', () => {
  test('of a tag, until a time', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect(await post('images/soaked/tags/1/hold', { until })).toMatchObject({ status: 200, body: { result: 'done' } });
    const { body } = await sluice.call('GET', 'images');
    const soaked = body.images.find(({ name }: { name: string }) => name === 'soaked');
    expect(soaked.tracked[0].hold).toMatchObject({ by: 'key', reason, until });
    expect(await post('images/soaked/tags/1/resume')).toMatchObject({ status: 200, body: { result: 'done' } });
    expect(await post('images/soaked/tags/1/resume')).toMatchObject({ status: 200, body: { result: 'nothing' } });
  });

  test('of an image, with all its tags', async () => {
    expect(await post('images/soaked/hold')).toMatchObject({ status: 200, body: { result: 'done' } });
    const { body } = await sluice.call('GET', 'images');
    const soaked = body.images.find(({ name }: { name: string }) => name === 'soaked');
    expect(soaked).toMatchObject({ hold: { by: 'key', reason }, unseen: [] });
    expect(await post('images/soaked/resume')).toMatchObject({ status: 200, body: { result: 'done' } });
  });
});

test('reimport says that there is nothing to do, and with force makes a run all the same', async () => {
  expect(await post('images/soaked/tags/1/reimport')).toMatchObject({ status: 200, body: { result: 'nothing' } });
  const { status, body } = await post('images/soaked/tags/1/reimport', { force: true });
  expect([status, body.address]).toEqual([202, `/api/runs/${body.run}`]);
  const { body: run } = await sluice.call('GET', `runs/${body.run}`);
  expect(run).toMatchObject({ kind: 'forced', requested: { by: 'key', reason } });
});

describe('what cannot be answered', () => {
  test.each<[string, string, number, string?]>([
    ['an image that is not in the catalog', 'images/ruby/tags/3/hold', 404, 'image'],
    ['a tag that is not in the catalog', 'images/soaked/tags/2/hold', 404, 'tag'],
    ['an image as a whole', 'images/ruby/hold', 404, 'image'],
    ['a run that is not there', 'runs/mwty1p0win4u/cancel', 404, 'run'],
    ['a run whose id is none', 'runs/UPPER/cancel', 400, 'run'],
    ['a digest that is none', 'images/soaked/tags/1/digests/latest/unblock', 400, 'digest'],
    ['a rollback to what never stood there', 'images/asked/tags/1/rollback', 409],
  ])('%s: %s', async (_, path, status, field) => {
    const answer = await post(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.body).toMatchObject({ type: 'about:blank', status, title: expect.any(String) });
    expect(answer.body.errors?.map((error: { field: string }) => error.field)).toEqual(field && [field]);
  });

  test('a run that is not there, to look at', async () => {
    expect(await sluice.call('GET', 'runs/mwty1p0win4u')).toMatchObject({
      status: 404,
      body: { errors: [{ field: 'run' }] },
    });
  });

  test('a page of runs that no page before it names', async () => {
    expect(await sluice.call('GET', 'runs?continue=xyz')).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'continue' }] },
    });
  });

  test('anything without a key', async () => {
    const { endpoint } = sluice.azure.functions;
    for (const path of ['runs', 'images', 'health']) expect((await fetch(`${endpoint}/api/${path}`)).status).toBe(401);
  });
});

test('lists runs a page at a time, the newest first, each once', async () => {
  const all: string[] = [];
  let path = 'runs?top=2';
  while (path) {
    const { body } = await sluice.call('GET', path);
    expect(body.runs.length).toBeLessThanOrEqual(2);
    all.push(...body.runs.map(({ id }: { id: string }) => id));
    path = (body.next ?? '').replace('/api/', '');
  }
  expect(all.length).toBeGreaterThan(4);
  expect(all).toEqual([...new Set(all)].sort().reverse());
});
