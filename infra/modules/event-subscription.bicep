metadata description = 'Sends the pushes of one registry to the function onRegistryPush.'

@description('Required. Name of the system topic of the registry.')
param topicName string
@description('Required. The repositories whose pushes are wanted.')
param repositories string[]
@description('Required. Resource id of the function.')
param functionId string
@description('Required. Resource id of the storage account that holds `dead-letters`.')
param stateStorageId string

// Event Grid allows 25 filter values in a subscription. Beyond that, whole folders (staging/, base-images/) are taken:
// an event that nothing asked for costs one look at the catalog.
var folders = union(map(repositories, repository => '${first(split(repository, '/'))}/'), [])
var byRepository = [{ operatorType: 'StringIn', key: 'data.target.repository', values: repositories }]
var byFolder = [{ operatorType: 'StringBeginsWith', key: 'data.target.repository', values: folders }]
var filters = length(repositories) <= 24 ? byRepository : (length(folders) <= 24 ? byFolder : [])

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource pushes 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'sluice-pushes'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: functionId, maxEventsPerBatch: 10, preferredBatchSizeInKilobytes: 64 }
    }
    filter: {
      includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed']
      enableAdvancedFilteringOnArrays: false
      // A push without a tag is a part of a multi-arch image: no stable tag moved.
      advancedFilters: concat([{ operatorType: 'IsNotNull', key: 'data.target.tag' }], filters)
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: stateStorageId, blobContainerName: 'dead-letters' }
      }
    }
  }
}
