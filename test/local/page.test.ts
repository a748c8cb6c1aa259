import { request } from 'node:http';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import { DefaultAzureCredential } from '@azure/identity';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createKeys } from '../../local/host/keys.ts';
import type { LocalHost } from '../../local/host/start.ts';
import { type LocalAzure, startLocalAzure } from '../../local/index.ts';
import { type Listening, listen } from '../../local/listen.ts';
import { makeImage, makeIndex, pushImage, types } from './registry-images.ts';

let azure: LocalAzure;
let webhook: Listening;
beforeAll(async () => {
  azure = await startLocalAzure({ registries: ['contosobaseimages', 'contosodev'], page: true });
  Object.assign(process.env, azure.environment);
  webhook = await listen(
    (incoming, reply) => {
      // The CloudEvents handshake is an OPTIONS request.
      const agrees = incoming.method === 'OPTIONS' || incoming.url === '/good';
      incoming.resume();
      reply.writeHead(agrees ? 200 : 413, { 'webhook-allowed-origin': '*' }).end();
    },
    { part: 'a webhook' },
  );
});
afterAll(async () => {
  await Promise.all([azure?.close(), webhook?.close()]);
});

const get = async (path: string) => (await fetch(`${azure.page.endpoint}${path}`)).text();
const content = (repository: string) =>
  new ContainerRegistryContentClient(azure.registry('contosodev').endpoint, repository, new DefaultAzureCredential());

test('a fresh start says what to do first, everywhere', async () => {
  const front = await get('/');
  expect(front).toContain('There are no images yet');
  expect(front).toContain(`buildah push --cert-dir`);
  expect(front).toContain('There are no task runs yet');
  expect(await get('/registries/contosodev')).toContain('There are no images yet');
  expect(await get('/runs')).toContain('There are no tasks yet');
  expect(await get('/events')).toContain('Nobody subscribes to events yet');
});

test('the front page names every endpoint', async () => {
  const front = await get('/');
  const { arm, registries, storage, identity, ca, events } = azure.summary();
  for (const text of [arm, storage?.table, storage?.queue, storage?.blob, identity.endpoint, ca, events]) {
    expect(front).toContain(text);
  }
  for (const { loginServer } of registries) expect(front).toContain(loginServer);
});

test('a registry shows its tags with digest and platforms, the last pushed first', async () => {
  const parts = ['amd64', 'arm64'].map((architecture) => ({ architecture, image: makeImage(architecture) }));
  for (const { image } of parts) await pushImage(content('team/app'), image);
  const index = makeIndex(parts);
  await content('team/app').setManifest(index.bytes, { tag: 'first', mediaType: types.index });
  await content('team/app').setManifest(index.bytes, { tag: 'second', mediaType: types.index });
  const page = await get('/registries/contosodev');
  expect(page).toContain('team/app');
  expect(page).toContain(index.digest);
  expect(page).toContain('linux/amd64, linux/arm64');
  expect(page).toContain('2 manifests have no tag');
  expect(page.indexOf('second')).toBeLessThan(page.indexOf('first'));
});

test('events show how each delivery ended', async () => {
  for (const name of ['good', 'bad']) {
    await azure.events.subscribe({
      name: `to-${name}`,
      destination: { type: 'WebHook', url: `http://127.0.0.1:${webhook.port}/${name}` },
      eventDeliverySchema: 'CloudEventSchemaV1_0',
    });
  }
  await pushImage(content('team/events'), makeImage(), '1');
  await vi.waitFor(() => expect(azure.events.deliveries()).toHaveLength(2), { timeout: 10_000 });
  await azure.events.idle();
  const page = await get('/events');
  expect(page).toContain('team/events:1');
  expect(page).toContain('>delivered<');
  expect(page).toContain('>lost<');
});

test('a run shows its status and its log, and what it wrote cannot become part of the page', async () => {
  const { subscription, resourceGroup } = azure.scope;
  const client = new ContainerRegistryManagementClient(new DefaultAzureCredential(), subscription, {
    endpoint: azure.arm.endpoint,
  });
  const yaml = 'version: v1.1.0\nsteps:\n  - "<script>alert(1)</script>": x\n';
  const run = await client.registries.beginScheduleRunAndWait(resourceGroup, 'contosodev', {
    type: 'EncodedTaskRunRequest',
    encodedTaskContent: Buffer.from(yaml).toString('base64'),
    values: [],
    platform: { os: 'Linux' },
  });
  await vi.waitFor(() => expect(azure.arm.view.runs()[0]?.finishTime).toBeDefined(), { timeout: 10_000 });
  expect(await get('/runs')).toContain(`/runs/contosodev/${run.runId}`);
  const page = await get(`/runs/contosodev/${run.runId}`);
  expect(page).toContain('>Failed<');
  expect(page).toContain(`Run ID: ${run.runId} failed`);
  expect(page).toContain('&lt;script&gt;alert(1)');
  expect(page).not.toContain('<script');
});

test('a run without a task is listed with the image that it is about', async () => {
  const { subscription, resourceGroup } = azure.scope;
  const client = new ContainerRegistryManagementClient(new DefaultAzureCredential(), subscription, {
    endpoint: azure.arm.endpoint,
  });
  const of = `sha256:${'ab'.repeat(32)}`;
  const yaml = `version: v1.1.0\nsteps:\n  - cmd: docker run ${azure.registry('contosodev').loginServer}/staging/node@${of} true\n`;
  await client.registries.beginScheduleRunAndWait(resourceGroup, 'contosodev', {
    type: 'EncodedTaskRunRequest',
    encodedTaskContent: Buffer.from(yaml).toString('base64'),
    values: [],
    platform: { os: 'Linux' },
  });
  expect(await get('/runs')).toMatch(new RegExp(`staging/node <code[^>]*>${of}`));
});

test('a tab is called what its page is called', async () => {
  const tabs = [...(await get('/')).matchAll(/<a href="(\/[^"]+)">([^<]+)<\/a>/g)].slice(0, 4);
  expect(tabs.map(([, path]) => path)).toEqual([
    '/registries/contosobaseimages',
    '/registries/contosodev',
    '/runs',
    '/events',
  ]);
  for (const [, path = '', name] of tabs) expect(await get(path)).toContain(`<h1>${name}</h1>`);
});

test('the front page names what was started beside it: the host with its key and functions, and other addresses', async () => {
  const keys = createKeys();
  const endpoint = 'http://127.0.0.1:7071';
  const host: LocalHost = {
    endpoint,
    keys,
    functions: [{ name: 'listRuns', trigger: 'http', url: `${endpoint}/api/runs`, methods: ['GET'] }],
    errors: [],
    pid: 0,
    functionKey: () => '',
    eventGridUrl: () => '',
    exited: Promise.resolve(0),
    close: async () => undefined,
    kill: async () => undefined,
  };
  const address = 'http://127.0.0.1:8080';
  azure.show({ functions: host, rows: [{ part: 'hello-world', address, note: 'a page' }] });
  const front = await get('/');
  for (const text of [endpoint, keys.host, 'listRuns', 'hello-world']) expect(front).toContain(text);
  expect(front).toContain(`<a href="${address}">`);
});

test('on a narrow window nothing is cut, and each cell says what it is', async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    for (const path of ['/', '/runs', '/events', '/registries/contosodev']) {
      await page.goto(`${azure.page.endpoint}${path}`);
      const wide = await page.$$eval('html, .scroll', (found) =>
        found.filter((one) => one.scrollWidth > one.clientWidth),
      );
      expect(wide).toEqual([]);
    }
    await page.goto(azure.page.endpoint);
    const label = `getComputedStyle(document.querySelector('td:nth-child(2)'), '::before').content`;
    expect(await page.evaluate(label)).toBe('"Endpoint"');
  } finally {
    await browser.close();
  }
});

test.each(['/nowhere', '/registries/none', '/runs/contosodev/none', '/runs/contosodev/a/b', '//', '/%2e%2e/etc'])(
  '%s is not found',
  async (path) => {
    const response = await fetch(`${azure.page.endpoint}${path}`);
    expect(response.status).toBe(404);
  },
);

test('a page of another name is refused, so that no foreign site can read it through a name of its own', async () => {
  const { port } = new URL(azure.page.endpoint);
  const status = await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, headers: { host: 'evil.example' } }, (response) => {
      resolve(response.resume().statusCode);
    })
      .once('error', reject)
      .end();
  });
  expect(status).toBe(403);
});
