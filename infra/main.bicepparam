using 'main.bicep'

// `azd env set NAME VALUE` puts these into the environment; elsewhere, export them.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')

// The settings of the catalog as it is shipped; SLUICE_SETTINGS takes those of yours, as one JSON object.
param catalogSettings = union(
  {
    SLUICE_SUBSCRIPTION: readEnvironmentVariable('SLUICE_SUBSCRIPTION', '')
    SLUICE_RESOURCE_GROUP: readEnvironmentVariable('SLUICE_RESOURCE_GROUP', '')
    SLUICE_BUFFER_NAME: readEnvironmentVariable('SLUICE_BUFFER_NAME', '')
    SLUICE_BUFFER_LOGIN_SERVER: readEnvironmentVariable('SLUICE_BUFFER_LOGIN_SERVER', '')
    SLUICE_DEV_NAME: readEnvironmentVariable('SLUICE_DEV_NAME', '')
    SLUICE_DEV_LOGIN_SERVER: readEnvironmentVariable('SLUICE_DEV_LOGIN_SERVER', '')
    SLUICE_DOCKER_CLI: readEnvironmentVariable('SLUICE_DOCKER_CLI', '')
  },
  json(readEnvironmentVariable('SLUICE_SETTINGS', '{}'))
)

param bufferExists = bool(readEnvironmentVariable('SLUICE_BUFFER_EXISTS', 'false'))
param bufferSku = readEnvironmentVariable('SLUICE_BUFFER_SKU', 'Standard')
param existingTopics = json(readEnvironmentVariable('SLUICE_EXISTING_TOPICS', '{}'))
param watchSchedule = readEnvironmentVariable('SLUICE_WATCH_SCHEDULE', '0 */2 * * * *')
param alwaysReady = int(readEnvironmentVariable('SLUICE_ALWAYS_READY', '0'))
param instanceMemoryMB = any(int(readEnvironmentVariable('SLUICE_INSTANCE_MEMORY', '512')))
param authClientId = readEnvironmentVariable('SLUICE_AUTH_CLIENT_ID', '')
param operatorsGroupId = readEnvironmentVariable('SLUICE_OPERATORS_GROUP', '')
param alertEmail = readEnvironmentVariable('SLUICE_ALERT_EMAIL', '')
