metadata description = 'Who may do what with the resources of the environment, by access.json.'

import { assignmentsOf, principalTypeOf, roleIdOf } from 'access.bicep'

@description('Required. Name of the storage account of the Functions host.')
param hostStorageName string
@description('Required. Name of the storage account of heads, runs and queues.')
param stateStorageName string
@description('Required. Name of the vault.')
param vaultName string
@description('Required. Name of Application Insights.')
param insightsName string
@description('Required. Name of the workspace.')
param workspaceName string
@description('Required. What is unique to each principal, by the name in access.json; an empty one is given nothing.')
param principals object
@description('Required. Object ids of the principals.')
param principalIds object

resource hostStorage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: hostStorageName
}
resource stateStorage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: stateStorageName
}
resource vault 'Microsoft.KeyVault/vaults@2026-05-15' existing = {
  name: vaultName
}
resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}
resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

resource onHostStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignmentsOf('hostStorage', principals): {
    name: guid(hostStorage.id, assignment.who, principals[assignment.who], assignment.role)
    scope: hostStorage
    properties: {
      principalId: principalIds[assignment.who]
      principalType: principalTypeOf(assignment.who)
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIdOf(assignment.role, {}))
      description: assignment.why
    }
  }
]

resource onStateStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignmentsOf('stateStorage', principals): {
    name: guid(stateStorage.id, assignment.who, principals[assignment.who], assignment.role)
    scope: stateStorage
    properties: {
      principalId: principalIds[assignment.who]
      principalType: principalTypeOf(assignment.who)
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIdOf(assignment.role, {}))
      description: assignment.why
    }
  }
]

resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignmentsOf('vault', principals): {
    name: guid(vault.id, assignment.who, principals[assignment.who], assignment.role)
    scope: vault
    properties: {
      principalId: principalIds[assignment.who]
      principalType: principalTypeOf(assignment.who)
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIdOf(assignment.role, {}))
      description: assignment.why
    }
  }
]

resource onInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignmentsOf('insights', principals): {
    name: guid(insights.id, assignment.who, principals[assignment.who], assignment.role)
    scope: insights
    properties: {
      principalId: principalIds[assignment.who]
      principalType: principalTypeOf(assignment.who)
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIdOf(assignment.role, {}))
      description: assignment.why
    }
  }
]

resource onWorkspace 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignmentsOf('workspace', principals): {
    name: guid(workspace.id, assignment.who, principals[assignment.who], assignment.role)
    scope: workspace
    properties: {
      principalId: principalIds[assignment.who]
      principalType: principalTypeOf(assignment.who)
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIdOf(assignment.role, {}))
      description: assignment.why
    }
  }
]
