import { readdirSync } from 'node:fs';
import { AzureNamedKeyCredential } from '@azure/data-tables';
import { describe, expect, test } from 'vitest';
import { openTables } from '../../src/lib/azure/tables/client.ts';
import { appSettings, deployment, readJson, readText, root, stateParts } from './deployment.ts';
import { catalogSettings, deployedByPlatform } from './expected-settings.ts';

const tutorial = deployment('tutorial');
const everything = deployment('everything');

/** The text of all code that runs on Azure. */
const code = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readText(`src/${name}`))
  .join('\n');

/** Names of settings that the code reads; `SLUICE_PERIOD_` stands for a family. */
const read = new Set(
  [...code.matchAll(/\b(SLUICE_[A-Z][A-Z_]*[A-Z]|SluiceState__\w+|AZURE_CLIENT_ID)\b/g)].map(([name]) => name),
);

describe('app settings', () => {
  test('that the code reads are deployed, or stand in the docs with their default', () => {
    const deployed = new Set([...appSettings(tutorial).keys(), ...appSettings(everything).keys()]);
    const documented = readText('docs/deploying.md');
    const missing = [...read].filter((name) => !deployed.has(name) && !documented.includes(`\`${name}\``));
    expect(read.size).toBeGreaterThan(10);
    expect(missing.filter((name) => !name.startsWith('SLUICE_PERIOD_'))).toEqual([]);
  });

  test.each(['tutorial', 'everything'] as const)('that are deployed are read by somebody (%s)', (set) => {
    const taken = catalogSettings(set);
    const nobodys = [...appSettings(deployment(set)).keys()].filter(
      (name) => !read.has(name) && !taken.has(name) && !deployedByPlatform(name),
    );
    expect(nobodys).toEqual([]);
  });

  test('that the catalog takes are deployed', () => {
    const settings = appSettings(tutorial);
    expect([...catalogSettings('tutorial')].filter((name) => !settings.has(name))).toEqual([]);
  });

  test('of the sample for a developer are ones that are known', () => {
    const { Values } = readJson<{ Values: Record<string, string> }>('local.settings.sample.json');
    const known = new Set([...read, ...catalogSettings('tutorial'), 'FUNCTIONS_WORKER_RUNTIME', 'AzureWebJobsStorage']);
    expect(Object.keys(Values).filter((name) => !known.has(name))).toEqual([]);
  });

  test('that have a period as their value are read by a name that the docs give', () => {
    expect(readText('docs/deploying.md')).toContain('`SLUICE_PERIOD_…`');
    expect(code).toContain('`SLUICE_PERIOD_');
  });
});

describe('the state account', () => {
  test('has the tables that the code opens, and no other', async () => {
    const credential = new AzureNamedKeyCredential('nobody', 'bm90aGluZw==');
    const opened = Object.values(await openTables({ endpoint: 'https://nowhere.example', credential }));
    expect(stateParts(everything, 'tables').sort()).toEqual(opened.map(({ tableName }) => tableName).sort());
  });

  test('has the queue that the code sends to and is triggered by, the one for its poison, and no other', () => {
    const [, queue] = /defaultQueueName = '([^']+)'/.exec(code) ?? [];
    expect(stateParts(everything, 'queues').sort()).toEqual([queue, `${queue}-poison`]);
    expect(code).toMatch(/connection: 'SluiceState'/);
  });

  test('has the container that undelivered events go to, and no other', () => {
    expect(stateParts(everything, 'containers')).toEqual(['dead-letters']);
  });
});
