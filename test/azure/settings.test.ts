import { expect, it } from 'vitest';
import { parseAzureSettings } from '../../src/lib/azure/settings.ts';

it('is public Azure unless told otherwise', () => {
  expect(parseAzureSettings({})).toEqual({
    armEndpoint: 'https://management.azure.com',
    armScope: 'https://management.azure.com/.default',
    registryAudience: 'https://containerregistry.azure.net',
    tableEndpoint: undefined,
    queueEndpoint: undefined,
    identityClientId: undefined,
    agentPool: undefined,
  });
});

it('may be a sovereign cloud', () => {
  const settings = parseAzureSettings({
    SLUICE_ARM_ENDPOINT: 'https://management.chinacloudapi.cn/',
    SLUICE_REGISTRY_AUDIENCE: 'https://management.chinacloudapi.cn',
    SluiceState__tableServiceUri: 'https://state.table.core.chinacloudapi.cn',
    AZURE_CLIENT_ID: '11111111-1111-1111-1111-111111111111',
  });
  expect(settings).toMatchObject({
    armEndpoint: 'https://management.chinacloudapi.cn',
    armScope: 'https://management.chinacloudapi.cn/.default',
    registryAudience: 'https://management.chinacloudapi.cn',
    tableEndpoint: 'https://state.table.core.chinacloudapi.cn',
    identityClientId: '11111111-1111-1111-1111-111111111111',
  });
});

it('may ask for tokens of another audience than the endpoint', () => {
  const settings = parseAzureSettings({
    SLUICE_ARM_ENDPOINT: 'https://localhost:1234',
    SLUICE_ARM_AUDIENCE: 'https://management.azure.com',
  });
  expect(settings.armScope).toBe('https://management.azure.com/.default');
});

it('names every setting that is no address at once', () => {
  const wrong = { SLUICE_ARM_ENDPOINT: 'management', SluiceState__queueServiceUri: 'ftp://x' };
  expect(() => parseAzureSettings(wrong)).toThrow(/SLUICE_ARM_ENDPOINT.*SluiceState__queueServiceUri/);
});
