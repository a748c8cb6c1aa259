import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCoreApi, provideCoreApi } from '../../local/host/core-api.ts';
import { loadApp } from '../../local/host/load-app.ts';
import { at, deployment, parameterSets, readJson, root } from './deployment.ts';

interface Binding {
  readonly type: string;
  readonly connection?: string;
  readonly queueName?: string;
  readonly schedule?: string;
  readonly route?: string;
}

/** What the packaged bundle registers with a host: function name to trigger. */
const triggers = new Map<string, Binding>();
const scratch = mkdtempSync(join(tmpdir(), 'sluice-functions-'));

beforeAll(async () => {
  const args = ['--import', 'tsx', join(root, 'scripts/package.ts'), '--out', scratch];
  const made = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(made.stderr).toBe('');
  const { state, api } = createCoreApi(() => {});
  provideCoreApi(api);
  await loadApp(join(scratch, 'app'), () => {});
  for (const [name, { metadata }] of state.functions) {
    const bindings = Object.values(metadata.bindings) as unknown as Binding[];
    const trigger = bindings.find(({ type }) => type.endsWith('Trigger'));
    if (trigger) triggers.set(name, trigger);
  }
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe('the functions of the bundle', () => {
  test('are there under the names that are given out', () => {
    expect([...triggers.keys()].sort()).toEqual(
      [
        ...['onRegistryPush', 'watchUpstream', 'advance', 'sweep', 'drift'],
        ...['reimport', 'hold', 'resume', 'rollback', 'holdImage', 'resumeImage', 'approve', 'reject', 'expedite'],
        ...['cancel', 'retry', 'unblock', 'listRuns', 'getRun', 'listImages', 'health'],
      ].sort(),
    );
  });

  test.each(parameterSets)(
    'include the one that every event subscription names, with the trigger for it (%s)',
    (set) => {
      for (const subscription of deployment(set, 'events').ofType(
        'Microsoft.EventGrid/systemTopics/eventSubscriptions',
      )) {
        const id = String(at(subscription, 'properties', 'destination', 'properties', 'resourceId'));
        expect(triggers.get(id.split('/').at(-1) ?? '')?.type).toBe('eventGridTrigger');
      }
    },
  );

  test('include those that instances are kept warm for', () => {
    const site = deployment('everything').one('Microsoft.Web/sites');
    const warm = at(site, 'properties', 'functionAppConfig', 'scaleAndConcurrency', 'alwaysReady') as {
      name: string;
    }[];
    for (const { name } of warm) expect([...triggers.keys()].map((known) => `function:${known}`)).toContain(name);
  });

  test('take messages from the queue that is deployed, by the connection that is deployed', () => {
    expect(triggers.get('advance')).toMatchObject({ queueName: 'sluice-runs', connection: 'SluiceState' });
  });

  test('are reached under the prefix that host.json gives, and no route begins where the host keeps its own', () => {
    const host = readJson<{ extensions: { http: { routePrefix: string } } }>('host.json');
    expect(host.extensions.http.routePrefix).toBe('api');
    const routes = [...triggers.values()].flatMap(({ type, route }) => (type === 'httpTrigger' ? [route ?? ''] : []));
    expect(routes.length).toBeGreaterThan(10);
    expect(routes.filter((route) => /^(admin|runtime|api)\b/.test(route))).toEqual([]);
  });
});
