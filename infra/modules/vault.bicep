metadata description = 'Holds the credentials of upstream registries. Secrets are put there by people, never by a template.'

import { networkType } from 'network.bicep'

@description('Required. Name of the vault.')
@maxLength(24)
param name string
@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object
@description('Required. Who reaches the vault over the network.')
param network networkType

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: network.publicAccess
    networkAcls: { defaultAction: network.defaultAction, bypass: 'AzureServices' }
  }
}
