import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Unzipped, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sluice, startSluice } from './functions/sluice.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'sluice-package-'));

async function make(out: string, ...options: string[]): Promise<Uint8Array> {
  const args = ['--import', 'tsx', join(root, 'scripts/package.ts'), '--out', join(scratch, out), ...options];
  // Another time zone each time: an archive keeps local times.
  await run(process.execPath, args, {
    cwd: root,
    env: { ...process.env, TZ: out === 'first' ? 'Asia/Tokyo' : 'America/New_York' },
  });
  return readFileSync(join(scratch, out, 'sluice.zip'));
}

let zip: Uint8Array;
let files: Unzipped;

beforeAll(async () => {
  zip = await make('first');
  files = unzipSync(zip);
});
afterAll(() => rmSync(scratch, { recursive: true }));

const text = (path: string) => Buffer.from(files[path] ?? []).toString('utf8');

describe('the package', () => {
  test('holds the bundle, the settings of the host, the catalog and its validations, and nothing else', () => {
    const validations = readdirSync(join(root, 'validations'), { recursive: true, encoding: 'utf8' }).map(
      (name) => `validations/${name}`,
    );
    const handlers = Object.keys(files).filter((name) => /^dist\/handlers\/[\w-]+\.mjs$/.test(name));
    expect(handlers).toContain('dist/handlers/index.mjs');
    expect(Object.keys(files).sort()).toEqual(
      ['dist/index.js', ...handlers, 'host.json', 'package.json', 'sluice.yaml', ...validations].sort(),
    );
  });

  test('is at most 1 MB', () => {
    expect(zip.length).toBeLessThanOrEqual(1_000_000);
  });

  test('is the same, byte for byte, when it is made again elsewhere', async () => {
    expect(Buffer.from(await make('second')).equals(zip)).toBe(true);
  });

  test('is the folder that azd deploys', () => {
    const folder = join(scratch, 'first', 'app');
    const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(found.length).toBe(Object.keys(files).length);
    for (const [path, bytes] of Object.entries(files)) {
      expect(readFileSync(join(folder, path)).equals(Buffer.from(bytes)), path).toBe(true);
    }
    expect(readFileSync(join(root, 'azure.yaml'), 'utf8')).toContain('dist: build/app');
  });

  test('needs nothing installed, and is read as CommonJS', () => {
    const manifest = JSON.parse(text('package.json')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: 'sluice', main: 'dist/index.js' });
    expect(Object.keys(manifest).filter((key) => /dependencies|type|scripts/i.test(key))).toEqual([]);
  });

  test('holds no secret and no path of the machine that it was made on', () => {
    const scripts = Object.keys(files).filter((name) => name.startsWith('dist/'));
    const bundle = scripts.map(text).join('\n');
    expect(bundle.includes(root)).toBe(false);
    // The key of every storage emulator there is; the storage SDKs carry it.
    const emulators = /^Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1/;
    const keys = [...bundle.matchAll(/AccountKey=([A-Za-z0-9+/]{20,})/g)].map(([, key]) => key ?? '');
    expect(keys.filter((key) => !emulators.test(key))).toEqual([]);
    expect(existsSync(join(scratch, 'first', 'app', 'local.settings.json'))).toBe(false);
  });
});

describe('the package, unpacked elsewhere', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ layOut: unpack });
    await sluice.push('tools/docker-cli:latest', { kind: 'docker-cli' });
  });
  afterAll(() => sluice?.close());

  test('carries an image from upstream to the base images', async () => {
    const digest = await sluice.push('public/node:9-alpine', { kind: 'node', env: { BACKGROUND_COLOR: 'green' } });
    const promoted = async () => expect(await sluice.digestOf('base-images/node:9-alpine')).toBe(digest);
    await vi.waitFor(promoted, { timeout: 50_000, interval: 100 });
    expect(sluice.logged('sluice.trouble')).toEqual([]);
  });
});

async function unpack(folder: string): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}
