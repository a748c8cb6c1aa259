metadata description = 'Who may do what in one subscription, by access.json.'
targetScope = 'subscription'

import { assignmentsOf, roleIdOf } from 'access.bicep'

@description('Required. The scope of access.json that this subscription is.')
param scopeName string
@description('Required. What is unique to each principal, by the name in access.json; an empty one is given nothing.')
param principals object
@description('Required. Object ids of the principals.')
param principalIds object
@description('Required. GUIDs of custom roles, by name.')
param customRoleIds object

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignmentsOf(scopeName, principals): {
    name: guid(subscription().id, assignment.who, principals[assignment.who], assignment.role)
    properties: {
      principalId: principalIds[assignment.who]
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roleIdOf(assignment.role, customRoleIds)
      )
      description: assignment.why
    }
  }
]
