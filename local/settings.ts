import type { LocalAzure } from './index.ts';

/**
 * The app settings that Sluice runs with on this local Azure: for the functions host, and for `.local/local.settings.json`.
 * Production code reads the same names on Azure.
 */
export function appSettings(azure: LocalAzure): Readonly<Record<string, string>> {
  const { storage, scope, environment } = azure;
  return {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: storage.connectionString,
    ...environment,
    // Somebody is watching: what comes every few minutes on Azure comes every few seconds here.
    SLUICE_WATCH_SCHEDULE: '*/10 * * * * *',
    SLUICE_SWEEP_SCHEDULE: '5/30 * * * * *',
    SLUICE_DRIFT_SCHEDULE: '15/30 * * * * *',
    SLUICE_PERIOD_POLL: '1',
    SLUICE_SUBSCRIPTION: scope.subscription,
    SLUICE_RESOURCE_GROUP: scope.resourceGroup,
    SluiceState__blobServiceUri: storage.blob,
    SluiceState__queueServiceUri: storage.queue,
    SluiceState__tableServiceUri: storage.table,
    SluiceState__credential: 'managedidentity',
    ...armSettings(azure),
    ...registrySettings(azure, 'BUFFER', 0),
    ...registrySettings(azure, 'DEV', 1),
  };
}

/** Asked for the audience that Azure's own ARM has, wherever the endpoint is. */
function armSettings(azure: LocalAzure): Record<string, string> {
  if (!azure.has('arm')) return {};
  return { SLUICE_ARM_ENDPOINT: azure.arm.endpoint, SLUICE_ARM_AUDIENCE: 'https://management.azure.com' };
}

/** The first registry is the buffer, the second a team's. */
function registrySettings({ registries }: LocalAzure, key: string, position: number): Record<string, string> {
  const registry = [...registries.values()][position];
  if (!registry) return {};
  return { [`SLUICE_${key}_NAME`]: registry.name, [`SLUICE_${key}_LOGIN_SERVER`]: registry.loginServer };
}
