metadata description = 'Custom roles, where the built-in ones would allow more than Sluice does.'
targetScope = 'subscription'

@description('Required. access.json, customRoles: by name, a description and actions.')
param customRoles object
@description('Required. Keeps the names apart: role names are unique in a tenant.')
param suffix string
@description('Required. Ids of the subscriptions in which the roles are given.')
param subscriptions string[]

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for entry in items(customRoles): {
    name: guid(subscription().id, suffix, entry.key)
    properties: {
      roleName: '${entry.key} (${suffix})'
      description: entry.value.description
      type: 'CustomRole'
      permissions: [{ actions: entry.value.actions, notActions: [], dataActions: [], notDataActions: [] }]
      assignableScopes: map(subscriptions, id => '/subscriptions/${id}')
    }
  }
]

@description('GUIDs of the roles, by the name in access.json.')
output ids object = toObject(
  items(customRoles),
  entry => entry.key,
  entry => guid(subscription().id, suffix, entry.key)
)
