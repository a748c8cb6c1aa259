using 'events.bicep'

// azd puts the outputs of main.bicep into the environment under their own names.
param resourceGroupName = readEnvironmentVariable('AZURE_RESOURCE_GROUP')
param appName = readEnvironmentVariable('SLUICE_APP_NAME')
param stateStorageName = readEnvironmentVariable('SLUICE_STATE_STORAGE')
param sources = json(readEnvironmentVariable('SLUICE_EVENT_SOURCES'))
