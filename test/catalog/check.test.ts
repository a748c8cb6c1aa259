import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the real command without any setting of this machine. */
function check(...options: string[]): Promise<Outcome> {
  const args = ['--import', 'tsx', join(root, 'scripts/check.ts'), ...options];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env: { PATH: process.env.PATH } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('npm run check', () => {
  it('says image by image what Sluice would do, and which settings it needs', async () => {
    const { code, out } = await check();
    expect(code).toBe(0);
    for (const part of [
      'sluice.yaml is right.',
      'Image node',
      'public/node',
      '9-alpine',
      'staging/node',
      'node -e',
      'base-images/node',
      'tasks built on the target',
    ]) {
      expect(out).toContain(part);
    }
    expect(out).toMatch(/App settings that this catalog needs[\s\S]*SLUICE_BUFFER_NAME\n/);
  });

  it('takes the settings of a file, and then asks for none', async () => {
    const values = {
      SLUICE_SUBSCRIPTION: '00000000-0000-0000-0000-000000000001',
      SLUICE_RESOURCE_GROUP: 'images',
      SLUICE_BUFFER_NAME: 'contosobaseimages',
      SLUICE_BUFFER_LOGIN_SERVER: 'localhost:5000',
      SLUICE_DEV_NAME: 'contosodev',
    };
    const { code, out } = await check('--settings', file('local.settings.json', JSON.stringify({ Values: values })));
    expect(code).toBe(0);
    expect(out).toContain('localhost:5000/base-images/node');
    expect(out).toContain('contosodev.azurecr.io');
    expect(out).not.toContain('App settings that this catalog needs');
  });

  it('names each setting that the file lacks', async () => {
    const { code, err } = await check('--settings', file('few.json', '{"SLUICE_BUFFER_NAME": "contosobase"}'));
    expect(code).toBe(1);
    for (const name of ['SLUICE_SUBSCRIPTION', 'SLUICE_RESOURCE_GROUP', 'SLUICE_DEV_NAME']) {
      expect(err).toContain(`The app setting ${name} is not set.`);
    }
  });

  it('ends with 1 and all errors on a wrong catalog', async () => {
    const shipped = readFileSync(join(root, 'sluice.yaml'), 'utf8');
    const wrong = file('wrong.yaml', shipped.replace('buffer: buffer', 'buffer: bufer').replace('soak: 0s', 'soak: 0'));
    const { code, out, err } = await check(wrong);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(/wrong\.yaml:\d+:\d+ {2}buffer: No registry has the key bufer/);
    expect(err).toMatch(/wrong\.yaml:\d+:\d+ {2}images\.node\.gate\.soak: 0 is not right here/);
    expect(err).toContain('2 problems.');
  });

  it('ends with 1 where there is no catalog, and where settings cannot be read', async () => {
    expect(await check(join(folder, 'none.yaml'))).toMatchObject({ code: 1 });
    const bad = await check('--settings', file('bad.json', 'no json'));
    expect(bad).toMatchObject({ code: 1, err: expect.stringContaining('bad.json holds no settings') });
    const none = await check('--settings', join(folder, 'none.json'));
    expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/There is no file .*none\.json/) });
  });

  it('promises validation only where there is some', async () => {
    const shipped = readFileSync(join(root, 'sluice.yaml'), 'utf8');
    const without = shipped.replace(/ {4}validate:\n.*\n/, '');
    expect((await check()).out).toContain('once validation has passed');
    const { code, out } = await check(file('without.yaml', without));
    expect(code).toBe(0);
    expect(out).toMatch(/by nothing: every digest passes[\s\S]*once it is staged/);
    expect(out).not.toContain('validation has passed');
  });

  it('finds what the infrastructure and editors are told up to date', async () => {
    expect(await check('--check')).toEqual({ code: 0, out: '', err: '' });
  });

  it('ends with 1 where the infrastructure was told of another catalog', async () => {
    const shipped = readFileSync(join(root, 'sluice.yaml'), 'utf8');
    const other = file('other.yaml', shipped.replace('  node:\n', '  other:\n'));
    const { code, err } = await check('--check', other);
    expect(code).toBe(1);
    expect(err).toContain('Not up to date: infra/catalog.json.');
  });
});
