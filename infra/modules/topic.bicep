metadata description = 'The Event Grid system topic of a registry, with an identity of its own for dead letters.'

@description('Required. Name of the topic.')
param name string
@description('Required. The topic is there already; a registry can have one only. It must have a system-assigned identity.')
param exists bool
@description('Required. Name of the registry.')
param registryName string
@description('Required. Region of the registry: a topic lives where its source does.')
param location string
@description('Required. Tags of the environment.')
param tags object

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: registryName
}

resource newTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!exists) {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: { source: registry.id, topicType: 'Microsoft.ContainerRegistry.Registries' }
}

resource oldTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (exists) {
  name: name
}

@description('Object id of the identity of the topic.')
output principalId string = exists ? oldTopic!.identity.principalId : newTopic!.identity.principalId
