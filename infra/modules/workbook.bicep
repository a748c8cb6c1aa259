metadata description = 'The workbook "Sluice": where operators read run history in the portal.'

@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object
@description('Required. Name of Application Insights.')
param insightsName string
@description('Required. Name of the storage account of heads, runs and queues.')
param stateStorageName string
@description('Required. The buffer registry (subscription, resourceGroup, name), whose task runs are listed.')
param buffer object

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource stateStorage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: stateStorageName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: buffer.name
  scope: resourceGroup(buffer.subscription, buffer.resourceGroup)
}

var content = replace(
  replace(
    replace(loadTextContent('../workbook.json'), '__INSIGHTS_ID__', insights.id),
    '__STATE_STORAGE_ID__',
    stateStorage.id
  ),
  '__BUFFER_ID__',
  registry.id
)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'sluice')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Sluice'
    category: 'workbook'
    sourceId: insights.id
    serializedData: content
  }
}
