import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { BaseImages } from '../../local/runner/base-image.ts';

const main = fileURLToPath(new URL('../../local/main.ts', import.meta.url));
const client = fileURLToPath(new URL('start-client.ts', import.meta.url));
const url = z.url();
const summary = z.object({
  arm: url,
  subscription: z.guid(),
  resourceGroup: z.string().min(1),
  registries: z.array(
    z.object({
      name: z.string(),
      loginServer: z.string().regex(/^localhost:\d+$/),
      endpoint: url,
      resourceId: z.string().startsWith('/subscriptions/'),
      username: z.string().min(1),
      password: z.string().min(1),
    }),
  ),
  ca: z.string().startsWith('/'),
  identity: z.object({ endpoint: url, header: z.string().min(1) }),
  storage: z.object({ blob: url, queue: url, table: url, connectionString: z.string() }),
  page: url,
});
const withFunctions = summary.extend({ functions: url, functionsKey: z.string().min(1) });
type Summary = z.infer<typeof summary>;

let state: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  state = join(tmpdir(), `sluice-command-${crypto.randomUUID()}`);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await vi.waitFor(async () => expect(await processesOf(state)).toEqual([]), { timeout: 10_000 });
  await rm(state, { recursive: true, force: true });
});

const start = (...args: string[]) => startAll('--no-functions', ...args);

function startAll(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', main, '--json', '--state', state, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '' },
  });
  children.push(child);
  return child;
}

const ready = async (child: ChildProcess): Promise<Summary> => summary.parse(await firstLine(child));

async function firstLine(child: ChildProcess): Promise<unknown> {
  if (!child.stdout) throw new Error('the starter has no stdout');
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the starter ended before it was ready')));
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  return JSON.parse(line);
}

/** A process of its own, as any user's would be: it knows the line that was printed, and nothing else. */
async function useAs(action: 'write' | 'read', given: Summary): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', client, action, JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_EXTRA_CA_CERTS: given.ca,
      IDENTITY_ENDPOINT: given.identity.endpoint,
      IDENTITY_HEADER: given.identity.header,
    },
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  return said.trim();
}

/** Command lines that name the folder: registries, storage, containers. The starter's own is among them. */
async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(folder)).map((line) => line.replaceAll('\0', ' '));
}

async function mountsOf(folder: string): Promise<string[]> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(folder));
}

test('what --json prints is enough for the real clients in another process', async () => {
  const child = start();
  expect(await useAs('write', await ready(child))).toBe('written');
});

test('the push that it proposes is tested and promoted: what validations start with is there', {
  timeout: 120_000,
}, async () => {
  const { registries, ca, functions, functionsKey } = withFunctions.parse(await firstLine(startAll()));
  const [buffer] = registries;
  if (!buffer) throw new Error('there is no registry');
  const reference = `${buffer.loginServer}/public/node:9-alpine`;
  await new BaseImages(join(state, 'images'), ca).make({ kind: 'node', reference, login: buffer });
  const headers = { 'x-functions-key': functionsKey };
  await vi.waitFor(
    async () => {
      const answer = await fetch(`${functions}/api/runs?image=node`, { headers });
      expect(await answer.json()).toMatchObject({ runs: [{ outcome: 'promoted' }] });
    },
    { timeout: 60_000, interval: 500 },
  );
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends everything, in order', async (signal) => {
  const child = start();
  await ready(child);
  expect((await processesOf(state)).length).toBeGreaterThan(3);
  child.kill(signal);
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(await processesOf(state)).toEqual([]);
  expect(await mountsOf(state)).toEqual([]);
});

test('a crash of the starter leaves no process, no mount and no lock', async () => {
  const child = start();
  await ready(child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await vi.waitFor(async () => expect(await processesOf(state)).toEqual([]), { timeout: 10_000 });
  expect(await mountsOf(state)).toEqual([]);
  await ready(start());
  expect(await readdir(state)).not.toContain('instance-2');
});

test('two at once do not collide', async () => {
  const [first, second] = await Promise.all([ready(start()), ready(start())]);
  expect(first.page).not.toBe(second.page);
  expect(first.ca).toBe(second.ca);
  expect(await Promise.all([useAs('write', first), useAs('write', second)])).toEqual(['written', 'written']);
});

test('state and addresses are there again with --keep, and the state is gone without', async () => {
  const run = async (action: 'write' | 'read', ...args: string[]) => {
    const child = start(...args);
    const given = await ready(child);
    const said = await useAs(action, given);
    child.kill('SIGTERM');
    await once(child, 'exit');
    return { said, loginServers: given.registries.map(({ loginServer }) => loginServer) };
  };
  const first = await run('write');
  expect(first.said).toBe('written');
  expect(await run('read', '--keep')).toEqual({ ...first, said: 'tag queue table' });
  expect((await run('read')).said).toBe('');
});

test('local.settings.json has what another functions host needs', async () => {
  const given = await ready(start());
  const { IsEncrypted, Values } = JSON.parse(await readFile(join(state, 'local.settings.json'), 'utf8'));
  expect(IsEncrypted).toBe(false);
  expect(Values).toMatchObject({
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: given.storage.connectionString,
    IDENTITY_ENDPOINT: given.identity.endpoint,
    IDENTITY_HEADER: given.identity.header,
    NODE_EXTRA_CA_CERTS: given.ca,
    SLUICE_ARM_ENDPOINT: given.arm,
    SLUICE_BUFFER_LOGIN_SERVER: given.registries[0]?.loginServer,
  });
});

test('a port that is taken, and one that is none, are said plainly', async () => {
  const { page } = await ready(start());
  const { port } = new URL(page);
  expect(await lastWords(start('--port', port))).toContain(`Starting the front page on port ${port} failed`);
  expect(await lastWords(start('--port', '99999'))).toContain('a number from 0 to 65535');
});

async function lastWords(child: ChildProcess): Promise<string> {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  return words;
}
