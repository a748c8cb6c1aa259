metadata description = 'Lets the topic of a registry put undelivered events into the state account, by access.json.'

import { assignmentsOf, roleIdOf } from 'access.bicep'

@description('Required. Name of the storage account that holds `dead-letters`.')
param stateStorageName string
@description('Required. What is unique to the topic: the identity of the topic is not known before it exists.')
param topicKey string
@description('Required. Object id of the identity of the topic.')
param principalId string

resource stateStorage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: stateStorageName
}

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignmentsOf('stateStorage', { topic: topicKey }): {
    name: guid(stateStorage.id, assignment.who, topicKey, assignment.role)
    scope: stateStorage
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIdOf(assignment.role, {}))
      description: assignment.why
    }
  }
]
