import { describe, expect, test } from 'vitest';
import { authLevelOf } from '../../src/lib/auth-level.ts';
import { appSettings, at, deployment, parameterSets, readText, siteConfig, stateParts } from './deployment.ts';

const tutorial = deployment('tutorial');
const everything = deployment('everything');

describe.each(parameterSets)('what is deployed (%s)', (set) => {
  const deployed = deployment(set);
  const site = deployed.one('Microsoft.Web/sites');

  test('takes identities, never keys: storage, telemetry, publishing and the vault', () => {
    for (const account of deployed.ofType('Microsoft.Storage/storageAccounts')) {
      expect(account.properties).toMatchObject({
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        minimumTlsVersion: 'TLS1_2',
        supportsHttpsTrafficOnly: true,
      });
    }
    expect(at(deployed.one('Microsoft.Insights/components'), 'properties', 'DisableLocalAuth')).toBe(true);
    expect(at(deployed.one('Microsoft.KeyVault/vaults'), 'properties', 'enableRbacAuthorization')).toBe(true);
    const publishing = deployed.ofType('Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(publishing.map(({ properties }) => properties?.allow)).toEqual([false, false]);
  });

  test('runs on Flex Consumption with Node 22, by HTTPS alone, without FTP', () => {
    expect(at(deployed.one('Microsoft.Web/serverfarms'), 'sku')).toEqual({ tier: 'FlexConsumption', name: 'FC1' });
    expect(at(site, 'properties', 'functionAppConfig', 'runtime')).toEqual({ name: 'node', version: '22' });
    expect(site.properties).toMatchObject({
      httpsOnly: true,
      siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.2', ftpsState: 'Disabled' },
    });
  });

  test('keeps state in an account apart from the host', () => {
    const settings = appSettings(deployed);
    expect(settings.get('SluiceState__tableServiceUri')).toContain("'ststate");
    expect(settings.get('AzureWebJobsStorage__tableServiceUri')).toContain("'sthost");
    expect(stateParts(deployed, 'queues')).toContain('sluice-runs');
    expect(deployed.resources.filter(({ id }) => /sthost\w+\/\w+\/default\/(queues|tables)/.test(id))).toEqual([]);
  });

  test('gives no secret away, neither in outputs nor in app settings', () => {
    expect(JSON.stringify(deployed.outputs)).not.toMatch(/listKeys|list[A-Z]\w+\(|AccountKey|SharedAccess|password/i);
    const secrets = [...appSettings(deployed)].filter(([name]) => /PASSWORD|SECRET|KEY|TOKEN/.test(name));
    for (const [, value] of secrets) expect(value).toMatch(/@Microsoft\.KeyVault/);
    expect(JSON.stringify(deployed.resources)).not.toMatch(/listKeys|listCredentials|AccountKey=/);
  });

  test('sends the pushes of tracked repositories to a function, and what cannot be delivered to a container', () => {
    const subscriptions = deployment(set, 'events').ofType('Microsoft.EventGrid/systemTopics/eventSubscriptions');
    expect(subscriptions.length).toBeGreaterThan(0);
    for (const { properties } of subscriptions) {
      expect(at(properties, 'destination', 'properties', 'resourceId')).toBe(`${site.id}/functions/onRegistryPush`);
      expect(at(properties, 'filter', 'includedEventTypes')).toEqual(['Microsoft.ContainerRegistry.ImagePushed']);
      const container = at(properties, 'deadLetterWithResourceIdentity', 'deadLetterDestination', 'properties');
      expect(stateParts(deployed, 'containers')).toContain(at(container, 'blobContainerName'));
    }
  });
});

describe('a new buffer', () => {
  test('has no admin user, no anonymous pull, and no repository permissions, with which validations could not run', () => {
    expect(tutorial.one('Microsoft.ContainerRegistry/registries').properties).toMatchObject({
      adminUserEnabled: false,
      anonymousPullEnabled: false,
      roleAssignmentMode: 'LegacyRegistryPermissions',
    });
    expect(at(tutorial.one('Microsoft.ContainerRegistry/registries'), 'sku', 'name')).toBe('Standard');
  });

  test('tells of pushes to staging, to base images and to upstreams that it holds', () => {
    const [subscription] = deployment('tutorial', 'events').ofType(
      'Microsoft.EventGrid/systemTopics/eventSubscriptions',
    );
    expect(at(subscription, 'properties', 'filter', 'advancedFilters')).toEqual([
      { operatorType: 'IsNotNull', key: 'data.target.tag' },
      {
        operatorType: 'StringIn',
        key: 'data.target.repository',
        values: ['staging/node', 'base-images/node', 'public/node'],
      },
    ]);
  });
});

describe('registries that exist', () => {
  test('are not created, and are found in their own groups and subscriptions', () => {
    expect(everything.ofType('Microsoft.ContainerRegistry/registries')).toEqual([]);
    const granted = everything.ofType('Microsoft.Authorization/roleAssignments').map(({ id }) => id);
    expect(
      granted.some((id) =>
        id.startsWith('/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-images/'),
      ),
    ).toBe(true);
    expect(
      granted.some((id) =>
        id.startsWith('/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/rg-team/'),
      ),
    ).toBe(true);
  });

  test('keep a system topic that they have, since there can be one only', () => {
    const topics = everything.ofType('Microsoft.EventGrid/systemTopics').map(({ name }) => name);
    expect(topics).toEqual([expect.stringMatching(/^evgt-contosocentral-/)]);
    const subscribed = deployment('everything', 'events').ofType('Microsoft.EventGrid/systemTopics/eventSubscriptions');
    expect(subscribed.map(({ id }) => id.split('/').at(-3))).toEqual([topics[0], 'evgt-golden']);
  });

  test('send no events where nothing in them is upstream', () => {
    const subscribed = deployment('everything', 'events').resources.map(({ id }) => id);
    expect(subscribed.filter((id) => id.includes('rg-team'))).toEqual([]);
  });
});

describe('upstream credentials', () => {
  test('are references to secrets of the vault, by the names of their settings', () => {
    const settings = appSettings(everything);
    for (const name of ['DOCKER_HUB_USERNAME', 'DOCKER_HUB_PASSWORD', 'GHCR_USERNAME', 'GHCR_PASSWORD']) {
      const secret = name.toLowerCase().replaceAll('_', '-');
      expect(settings.get(name)).toMatch(
        new RegExp(`@Microsoft\\.KeyVault\\(SecretUri=https://.*secrets/.*'${secret}'|/secrets/${secret}\\)`),
      );
    }
  });
});

describe('sign-in', () => {
  const [on] = siteConfig(everything, 'authsettingsV2');
  const [off] = siteConfig(tutorial, 'authsettingsV2');

  test('is one switch for the platform and the app: off without a client id', () => {
    expect(at(off, 'properties', 'platform', 'enabled')).toBe(false);
    expect(appSettings(tutorial).get('SLUICE_AUTH')).toBe('key');
    expect(at(on, 'properties', 'platform', 'enabled')).toBe(true);
    expect(appSettings(everything).get('SLUICE_AUTH')).toBe('entra');
  });

  test('is asked of everybody but the host itself, where Event Grid comes with a key', () => {
    expect(at(on, 'properties', 'globalValidation')).toEqual({
      requireAuthentication: true,
      unauthenticatedClientAction: 'Return401',
      excludedPaths: ['/runtime/webhooks/*'],
    });
  });

  test('is asked by the platform before the app believes what the platform says, and stops after it', () => {
    const template = readText('infra/modules/app.bicep');
    expect(template).toMatch(/resource appSettings 'config' = \{[^}]*dependsOn: \[signInOn\]/);
    expect(template).toMatch(/module signInOff [\s\S]*?dependsOn: \[site::appSettings\]/);
    const levels = { entra: authLevelOf({ SLUICE_AUTH: 'entra' }), key: authLevelOf({ SLUICE_AUTH: 'key' }) };
    expect(levels).toEqual({ entra: 'anonymous', key: 'function' });
  });
});

test('warm instances are kept for the function that carries runs and the one that hears of pushes', () => {
  const warm = (of: typeof tutorial) =>
    at(of.one('Microsoft.Web/sites'), 'properties', 'functionAppConfig', 'scaleAndConcurrency', 'alwaysReady');
  expect(warm(tutorial)).toEqual([]);
  expect(warm(everything)).toEqual([
    { name: 'function:advance', instanceCount: 1 },
    { name: 'function:onRegistryPush', instanceCount: 1 },
  ]);
});
