metadata description = 'A storage account that takes identities only, with its queues, tables and containers.'

import { networkType } from 'network.bicep'

@description('Required. Name of the account.')
@minLength(3)
@maxLength(24)
param name string
@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object
@description('Required. Who reaches the account over the network.')
param network networkType
@description('Optional. Queues to create.')
param queues string[] = []
@description('Optional. Tables to create.')
param tables string[] = []
@description('Optional. Blob containers to create.')
param containers string[] = []
@description('Optional. Blobs are deleted after so many days; 0 keeps them.')
param containerDays int = 0
@description('Optional. Name of the workspace that writes to queues and blobs are logged in; empty for none.')
param logWorkspaceName string = ''

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: network.publicAccess
    networkAcls: { defaultAction: network.defaultAction, bypass: 'AzureServices' }
  }

  resource queueService 'queueServices' = {
    name: 'default'
    resource queue 'queues' = [for queue in queues: { name: queue }]
  }

  resource tableService 'tableServices' = {
    name: 'default'
    resource table 'tables' = [for table in tables: { name: table }]
  }

  resource blobService 'blobServices' = {
    name: 'default'
    resource container 'containers' = [for container in containers: { name: container }]
  }

  resource expiry 'managementPolicies' = if (containerDays > 0) {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'expire'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: {
                blobTypes: ['blockBlob', 'appendBlob']
                prefixMatch: map(containers, container => '${container}/')
              }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: containerDays } } }
            }
          }
        ]
      }
    }
  }
}

resource logWorkspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = if (!empty(logWorkspaceName)) {
  name: logWorkspaceName
}

// A message in the poison queue is an alert; Azure's own metrics of queues are hourly.
// The only later version than this preview has another shape, for other sources.
#disable-next-line use-recent-api-versions
resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(logWorkspaceName)) {
  name: 'writes'
  scope: account::queueService
  properties: { workspaceId: logWorkspace.id, logs: [{ category: 'StorageWrite', enabled: true }] }
}

#disable-next-line use-recent-api-versions
resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(logWorkspaceName)) {
  name: 'writes'
  scope: account::blobService
  properties: { workspaceId: logWorkspace.id, logs: [{ category: 'StorageWrite', enabled: true }] }
}
