import { AzureNamedKeyCredential } from '@azure/data-tables';
import { StorageSharedKeyCredential } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AzurePorts } from '../../src/lib/azure/ports.ts';
import { openQueue, storageQueue } from '../../src/lib/azure/queue.ts';
import { readRow } from '../../src/lib/azure/tables/access.ts';
import { openTables } from '../../src/lib/azure/tables/client.ts';
import { transact } from '../../src/lib/azure/tables/transaction.ts';
import { makeImage } from '../local/registry-images.ts';
import { type Front, type Rule, startFront } from '../upstream/front.ts';
import { type AzureFixture, digest, repository, soon, startAzure, tag } from './fixture.ts';

const image = makeImage();
const node = repository('staging/node');
const source = { kind: 'buffer', repository: node } as const;

let fixture: AzureFixture;
let front: Front;
let ports: AzurePorts;
const hang: Rule = () => 'hang';
let rule = hang;
beforeAll(async () => {
  fixture = await startAzure({ without: ['storage', 'arm', 'events'] });
  front = await startFront({ tls: true, rule: (seen) => rule(seen) });
  const buffer = { ...fixture.buffer, loginServer: front.host };
  ports = fixture.portsWith({ buffer, armEndpoint: front.origin });
  // Libraries and tokens are there before the clock counts.
  rule = () => ({ status: 404 });
  await ports.reader.readTag(node, tag('1'));
  await ports.tasks.get(fixture.dev, 'any');
});
afterAll(async () => {
  await front?.close();
  await fixture?.close();
});
beforeEach(() => {
  rule = hang;
  front.seen.length = 0;
  // The deadlines themselves are too long for a test.
  const real = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => real(500));
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a service that never answers', () => {
  it('makes a tag unknown', async () => {
    expect(await ports.reader.readTag(node, tag('1'))).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('no answer in time'),
    });
  });

  it('makes a kick unclear, and it is not sent again', async () => {
    await expect(ports.tasks.kick(fixture.dev, 'any', 't')).rejects.toMatchObject({ details: { next: 'retry' } });
    expect(front.seen.length).toBe(1);
  });

  it('makes an import worth another try, under a tag that overwrites nothing', async () => {
    const request = { source, digest: digest(image.manifest.digest), repository: node, tag: tag('1-run') };
    expect(await ports.importer.start(request)).toMatchObject({ kind: 'failed', next: 'retry' });
    expect(front.seen.length).toBe(1);
  });

  it('does not lose an import that was accepted before it fell silent', async () => {
    const location = `${front.origin}/subscriptions/s/operationResults/registries-1`;
    rule = ({ method }) => (method === 'POST' ? { status: 202, headers: { location } } : 'hang');
    const request = { source, digest: digest(image.manifest.digest), repository: node, tag: tag('1-run') };
    const started = await ports.importer.start(request);
    if (started.kind !== 'started') throw new Error(started.kind);
    await expect(ports.importer.poll(started.handle)).rejects.toMatchObject({ details: { next: 'retry' } });
    rule = () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"Succeeded"}' });
    expect(await ports.importer.poll(started.handle)).toEqual({ kind: 'succeeded' });
  });

  it('makes a move unclear once it was sent', async () => {
    const headers = { 'content-type': image.manifest.mediaType, 'docker-content-digest': image.manifest.digest };
    rule = ({ method }) => (method === 'PUT' ? 'hang' : { status: 200, headers, body: image.manifest.bytes });
    const answer = await ports.mover.moveTag(node, tag('1'), digest(image.manifest.digest), soon());
    expect(answer.kind).toBe('unclear');
    expect(front.count('PUT', /./)).toBe(1);
  });

  it('makes a list fail rather than end early', async () => {
    await expect(ports.tasks.list(fixture.dev)).rejects.toMatchObject({ details: { next: 'retry' } });
    await expect(ports.reader.tagsByTime(node)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      details: { next: 'retry' },
    });
  });
});

describe('storage that never answers', () => {
  const late = { message: expect.stringContaining('no answer in time'), details: { next: 'retry' } };

  it('fails a read and a write of rows, worth another try', async () => {
    const credential = new AzureNamedKeyCredential('account', 'a2V5');
    const { tags } = await openTables({ endpoint: `${front.origin}/account`, credential });
    await expect(readRow(tags, 'node:1', '0-head')).rejects.toMatchObject(late);
    const row = { partitionKey: 'node:1', rowKey: '0-head' };
    await expect(transact(tags, [['create', row]], '0-head')).rejects.toMatchObject(late);
  });

  it('fails a message, worth another try', async () => {
    const credential = new StorageSharedKeyCredential('account', 'a2V5');
    const queue = storageQueue(await openQueue({ endpoint: `${front.origin}/account`, credential }));
    const message = { tracked: { image: 'node', tag: tag('1') }, run: 'r1', version: 1 };
    await expect(queue.send(message, 0)).rejects.toMatchObject(late);
  });
});

describe('a list of tags', () => {
  it('may be read for as long as its reader likes: only the request for each page has a deadline', async () => {
    const tagged = { name: '1', digest: image.manifest.digest, lastUpdateTime: new Date().toISOString() };
    const body = JSON.stringify({ registry: 'r', imageName: 'staging/node', tags: [tagged] });
    const json = { 'content-type': 'application/json' };
    const link = { link: '</acr/v1/staging%2Fnode/_tags?last=1>; rel="next"' };
    rule = ({ query }) => ({ status: 200, headers: query.has('last') ? json : { ...json, ...link }, body });
    const deadlines: AbortController[] = [];
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      deadlines.push(new AbortController());
      return deadlines.at(-1)?.signal ?? AbortSignal.abort();
    });
    let pages = 0;
    for await (const page of ports.reader.tagsByTime(node)) {
      expect(page.map((one) => one.tag)).toEqual(['1']);
      pages++;
      for (const passed of deadlines) passed.abort();
    }
    expect(pages).toBe(2);
  });
});
