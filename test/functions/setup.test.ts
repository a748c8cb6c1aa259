import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, WrongSetup } from '../../src/lib/app.ts';
import { scheduleOf } from '../../src/lib/schedule.ts';

const catalog = `
buffer: buffer
registries:
  buffer: { name: contosobaseimages, resourceGroup: rg, subscription: 6d1e3a52-7f0c-4a0b-9d55-2f7c2f1f0a10 }
images:
  node: { upstream: buffer/public/node, tags: [9-alpine], validate: [{ script: validations/check.sh }] }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-setup-'));
  await writeFile(join(folder, 'good.yaml'), catalog);
  await mkdir(join(folder, 'validations'));
  await writeFile(join(folder, 'validations/check.sh'), 'true');
  await writeFile(join(folder, 'bad.yaml'), catalog.replace('9-alpine', '"9 alpine"').replace('check.sh', 'none.sh'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const state = {
  SluiceState__tableServiceUri: 'https://a.table.core.windows.net',
  SluiceState__queueServiceUri: 'https://a.queue.core.windows.net',
};

function problemsOf(settings: Record<string, string>): string {
  try {
    openApp(settings);
  } catch (error) {
    if (error instanceof WrongSetup) return error.message;
    throw error;
  }
  throw new Error('It was opened.');
}

describe('an app that is set up wrongly says everything that is wrong at once', () => {
  const good = () => ({ ...state, SLUICE_CATALOG: join(folder, 'good.yaml') });

  test('and opens when nothing is, without asking anybody anything', () => {
    expect(openApp(good()).catalog.images[0]).toMatchObject({
      name: 'node',
      validate: [{ kind: 'script', content: 'true' }],
    });
  });

  test.each<[string, Record<string, string>, RegExp[]]>([
    [
      'no catalog',
      { SLUICE_CATALOG: '/nowhere/sluice.yaml' },
      [/there is no \/nowhere\/sluice\.yaml/, /SLUICE_CATALOG/],
    ],
    ['a catalog with two mistakes', { SLUICE_CATALOG: 'bad' }, [/9 alpine/, /none\.sh/, /bad\.yaml:\d+:\d+/]],
    ['no state', { SluiceState__tableServiceUri: '' }, [/SluiceState__tableServiceUri/]],
    ['a period out of bounds', { SLUICE_PERIOD_POLL: '0' }, [/SLUICE_PERIOD_POLL/]],
    ['a wrong concurrency', { SLUICE_UPSTREAM_CONCURRENCY: '1000' }, [/SLUICE_UPSTREAM_CONCURRENCY/]],
    [
      'everything',
      { SLUICE_CATALOG: 'bad', SLUICE_PERIOD_POLL: 'x', SLUICE_ARM_ENDPOINT: 'x', SluiceState__queueServiceUri: '' },
      [/9 alpine/, /SLUICE_PERIOD_POLL/, /SLUICE_ARM_ENDPOINT/, /SluiceState__queueServiceUri/],
    ],
  ])('%s', (_, changes, said) => {
    const settings = { ...good(), ...changes };
    if (settings.SLUICE_CATALOG === 'bad') settings.SLUICE_CATALOG = join(folder, 'bad.yaml');
    const message = problemsOf(Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== '')));
    for (const pattern of said) expect(message).toMatch(pattern);
  });
});

test.each([
  [undefined, '0 */2 * * * *'],
  ['', '0 */2 * * * *'],
  ['  ', '0 */2 * * * *'],
  ['*/5 * * * * *', '*/5 * * * * *'],
])('a timer whose schedule is %j comes by %j: the host would refuse a setting that is absent', (given, schedule) => {
  const settings: NodeJS.ProcessEnv = given === undefined ? {} : { SCHEDULE: given };
  expect(scheduleOf('SCHEDULE', '0 */2 * * * *', settings)).toBe(schedule);
});
