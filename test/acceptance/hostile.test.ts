import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushVariant } from '../../local/demo/images.ts';
import { ended, images, type Pipeline, places, startPipeline, tag } from './pipeline.ts';

/** On the machine, where it gets something: no line of it is without effect. */
const attempts = new URL('attack.sh', import.meta.url);

let pipeline: Pipeline;
let listener: Server;
let calls = 0;
let env: Record<string, string>;
let attack: string;

beforeAll(async () => {
  pipeline = await startPipeline({
    // The candidate brings its own test program, as a real image brings its own shell.
    images: { shell: { ...images.shell, validate: [{ run: ['sh', '-c', 'eval "$ATTACK"'] }] } },
  });
  const { world } = pipeline;
  listener = createServer((_request, response) => {
    calls += 1;
    response.end('the network');
  });
  await new Promise<void>((resolve) => listener.listen(0, '0.0.0.0', resolve));
  const { port } = listener.address() as AddressInfo;
  const own = Object.values(networkInterfaces())
    .flat()
    .filter((one) => one?.family === 'IPv4')
    .map((one) => `${one?.address}:${port}`);
  const secret = join(world.folder, `secret-${randomUUID()}`);
  await writeFile(secret, 'a file of the machine');
  attack = await readFile(attempts, 'utf8');
  env = { ADDRESSES: [...own, world.buffer.backend.replace('http://', '')].join(' '), PLANTED_FILE: secret };
});
afterAll(async () => {
  listener?.close();
  await pipeline?.close();
});

test('the attempts are real: on the machine itself they get what they are after', async () => {
  const home = join(pipeline.world.folder, 'home');
  await mkdir(join(home, '.docker'), { recursive: true });
  await writeFile(join(home, '.docker', 'config.json'), '{"auths":{}}');
  const around = { ...env, PATH: process.env.PATH ?? '', HOME: home, REGISTRY_PASSWORD: 'hunter2' };
  const { stdout } = await promisify(execFile)('busybox', ['sh', '-c', attack], { env: around });
  for (const address of env.ADDRESSES?.split(' ') ?? []) expect(stdout).toContain(`GOT the network at ${address}`);
  expect(stdout).toContain('GOT the credentials of a registry');
  expect(stdout).toContain('GOT credentials in the environment');
  expect(stdout).toContain('GOT a file of the machine: a file of the machine');
  expect(stdout).toContain('GOT processes of the machine');
});

test('a candidate that reaches for the network, credentials, the runtime and the machine during its test gets nothing', async () => {
  const { world } = pipeline;
  await world.makeImage('busybox', `${places.upstream}:layers`);
  const before = calls;
  const client = world.repository(world.buffer, places.upstream);
  const digest = await pushVariant(client, 'layers', tag, { ...env, ATTACK: attack });
  const end = await ended(pipeline, digest);
  expect(end.outcome).toBe('promoted');

  const [validation] = world.azure.arm.view.runs().filter(({ registry }) => registry === world.buffer.name);
  const log = (await world.azure.arm.view.readLog(world.buffer.name, validation?.runId ?? '')) ?? '';
  const said = log.split(/\r?\n/).filter((line) => /\b(GOT|NOTHING) /.test(line));
  const tried = attack.split('\n').filter((line) => /^\s*try "/.test(line)).length - 1;
  expect(said.filter((line) => line.includes('GOT'))).toEqual([]);
  expect(said).toHaveLength(tried + (env.ADDRESSES?.split(' ').length ?? 0));
  expect(calls).toBe(before);
  expect(log).not.toContain(world.buffer.admin.password);
});
