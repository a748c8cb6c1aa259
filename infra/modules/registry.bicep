metadata description = 'The buffer registry, where it does not exist yet.'

import { networkType } from 'network.bicep'

@description('Required. Name of the registry.')
@minLength(5)
@maxLength(50)
param name string
@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object
@description('Required. Size.')
param sku string
@description('Required. Who reaches the registry over the network.')
param network networkType

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    // Validations run as quick runs, which have no data access in a registry with repository permissions (ABAC).
    roleAssignmentMode: 'LegacyRegistryPermissions'
    publicNetworkAccess: network.publicAccess
  }
}
