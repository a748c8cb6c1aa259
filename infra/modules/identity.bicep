metadata description = 'The one identity that Sluice acts with.'

@description('Required. Name of the identity.')
param name string
@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('What roles are given to.')
output principalId string = identity.properties.principalId
@description('What the SDK clients ask tokens for.')
output clientId string = identity.properties.clientId
