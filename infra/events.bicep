metadata description = 'Event subscriptions: deployed after the code, because the function that they name must exist.'
targetScope = 'subscription'

@description('Required. Output AZURE_RESOURCE_GROUP of main.bicep.')
param resourceGroupName string

@description('Required. Output SLUICE_APP_NAME of main.bicep.')
param appName string

@description('Required. Output SLUICE_STATE_STORAGE of main.bicep.')
param stateStorageName string

@description('Required. Output SLUICE_EVENT_SOURCES of main.bicep.')
param sources sourceType[]

type sourceType = {
  @description('Subscription of the registry.')
  subscription: string
  @description('Resource group of the registry.')
  resourceGroup: string
  @description('Name of its system topic.')
  topic: string
  @description('The repositories whose pushes Sluice wants to hear of.')
  repositories: string[]
}

module subscribed 'modules/event-subscription.bicep' = [
  for source in sources: {
    scope: resourceGroup(source.subscription, source.resourceGroup)
    params: {
      topicName: source.topic
      repositories: source.repositories
      functionId: '${subscription().id}/resourceGroups/${resourceGroupName}/providers/Microsoft.Web/sites/${appName}/functions/onRegistryPush'
      stateStorageId: '${subscription().id}/resourceGroups/${resourceGroupName}/providers/Microsoft.Storage/storageAccounts/${stateStorageName}'
    }
  }
]
