metadata description = 'Who may do what in one registry, by access.json.'

import { assignmentsOf, principalTypeOf, roleIdOf } from 'access.bicep'

@description('Required. Name of the registry.')
param registryName string
@description('Required. The scopes of access.json that this registry is.')
param scopes string[]
@description('Required. What is unique to each principal, by the name in access.json; an empty one is given nothing.')
param principals object
@description('Required. Object ids of the principals.')
param principalIds object
@description('Required. GUIDs of custom roles, by name.')
param customRoleIds object

var assignments = flatten(map(scopes, name => assignmentsOf(name, principals)))

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: registryName
}

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in assignments: {
    name: guid(registry.id, assignment.who, principals[assignment.who], assignment.role)
    scope: registry
    properties: {
      principalId: principalIds[assignment.who]
      principalType: principalTypeOf(assignment.who)
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roleIdOf(assignment.role, customRoleIds)
      )
      description: assignment.why
    }
  }
]

@description('Resource id of the registry.')
output id string = registry.id
@description('Region of the registry.')
output location string = registry.location
