metadata description = 'Sluice: a Functions app beside a container registry, and what both need.'
targetScope = 'subscription'

import { accessScopesOf, credentialSettingsOf, fill, placeOf, repositoriesOf, settingsOf } from 'modules/catalog.bicep'

@description('Required. Names the environment; part of the names of its resources.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Required. The region of everything that is created.')
param location string

@description('Optional. The resource group that is created for Sluice.')
param resourceGroupName string = 'rg-${environmentName}'

@description('Optional. The buffer registry is there already: nothing in it is created or changed but access and events.')
param bufferExists bool = false

@description('Optional. Size of the buffer registry, where it is created. Premium: private networking, replicas, throughput.')
@allowed(['Standard', 'Premium'])
param bufferSku string = 'Standard'

@description('Optional. Values of the app settings that the catalog takes, by name. Empty ones count as not given.')
param catalogSettings object = {}

@description('Optional. A registry can have one Event Grid system topic: names of those that exist, by registry key.')
param existingTopics object = {}

@description('Optional. How often upstream registries are asked (six-field NCRONTAB).')
param watchSchedule string = '0 */2 * * * *'

@description('Optional. Instances that are kept warm for events and runs; 0 is cheapest, 1 avoids cold starts.')
@minValue(0)
@maxValue(5)
param alwaysReady int = 0

@description('Optional. Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 512

@description('Optional. Client id of the app registration that people sign in with. Empty: commands take function keys.')
param authClientId string = ''

@description('Optional. Object id of the Entra group that may read run history. Empty: nobody is given access.')
param operatorsGroupId string = ''

@description('Optional. Where alerts are sent. Empty: alerts show in the portal only.')
param alertEmail string = ''

var catalog = loadJsonContent('catalog.json')
var access = loadJsonContent('access.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName, application: 'sluice' }

// Private networking is not built yet. It starts here: this goes to every module that takes traffic.
var network = { publicAccess: 'Enabled', defaultAction: 'Allow' }

var registrySuffix = substring(environment().suffixes.acrLoginServer, 1)
// What the catalog's settings are when nobody says otherwise.
var knownSettings = {
  SLUICE_SUBSCRIPTION: subscription().subscriptionId
  SLUICE_RESOURCE_GROUP: resourceGroupName
  SLUICE_BUFFER_NAME: 'sluice${token}'
  SLUICE_REGISTRY_SUFFIX: registrySuffix
}
var settingValues = settingsOf(catalog, catalogSettings, knownSettings)
var registries = map(catalog.registries, (registry, index) => {
  ...placeOf(fill(registry.resourceId, settingValues))
  key: registry.key
  index: index
  accessScopes: accessScopesOf(registry, catalog)
  repositories: repositoriesOf(registry.key, catalog)
})
var buffer = first(filter(registries, registry => registry.key == catalog.buffer))!
var eventSources = map(filter(registries, registry => !empty(registry.repositories)), registry => {
  ...registry
  topic: existingTopics[?registry.key] ?? 'evgt-${registry.name}-${take(token, 5)}'
  topicExists: contains(existingTopics, registry.key)
})
var names = {
  identity: 'id-sluice-${token}'
  insights: 'appi-sluice-${token}'
  workspace: 'log-sluice-${token}'
  hostStorage: 'sthost${token}'
  stateStorage: 'ststate${token}'
  vault: 'kv-sluice-${token}'
  app: 'func-sluice-${token}'
}
// Empty: there is no such principal, and nothing is given to it.
var principals = { app: names.identity, operators: operatorsGroupId }
var principalIds = { app: identity.outputs.principalId, operators: operatorsGroupId }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

module roles 'modules/roles.bicep' = {
  params: {
    customRoles: access.customRoles
    suffix: environmentName
    subscriptions: union([subscription().subscriptionId], map(registries, registry => registry.subscription))
  }
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: names.identity, location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: { insightsName: names.insights, workspaceName: names.workspace, location: location, tags: tags }
}

module hostStorage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.hostStorage
    location: location
    tags: tags
    network: network
    containers: ['app-package']
  }
}

module stateStorage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.stateStorage
    location: location
    tags: tags
    network: network
    queues: ['sluice-runs', 'sluice-runs-poison']
    tables: ['sluiceTags', 'sluiceVerdicts', 'sluiceIndex']
    containers: ['dead-letters']
    containerDays: 90
    logWorkspaceName: names.workspace
  }
  dependsOn: [monitoring]
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: { name: names.vault, location: location, tags: tags, network: network }
}

module newBuffer 'modules/registry.bicep' = if (!bufferExists) {
  scope: resourceGroup(buffer.subscription, buffer.resourceGroup)
  params: { name: buffer.name, location: location, tags: tags, sku: bufferSku, network: network }
  dependsOn: [group]
}

module registryAccess 'modules/registry-access.bicep' = [
  for registry in registries: {
    scope: resourceGroup(registry.subscription, registry.resourceGroup)
    params: {
      registryName: registry.name
      scopes: registry.accessScopes
      principals: principals
      principalIds: principalIds
      customRoleIds: roles.outputs.ids
    }
    dependsOn: [newBuffer]
  }
]

module operationAccess 'modules/subscription-access.bicep' = {
  scope: subscription(buffer.subscription)
  params: {
    scopeName: 'bufferSubscription'
    principals: principals
    principalIds: principalIds
    customRoleIds: roles.outputs.ids
  }
}

module resourceAccess 'modules/resource-access.bicep' = {
  scope: group
  params: {
    hostStorageName: names.hostStorage
    stateStorageName: names.stateStorage
    vaultName: names.vault
    insightsName: names.insights
    workspaceName: names.workspace
    principals: principals
    principalIds: principalIds
  }
  dependsOn: [hostStorage, stateStorage, vault, monitoring]
}

module topics 'modules/topic.bicep' = [
  for source in eventSources: {
    scope: resourceGroup(source.subscription, source.resourceGroup)
    params: {
      name: source.topic
      exists: source.topicExists
      registryName: source.name
      // A topic lives where its source does.
      location: registryAccess[source.index].outputs.location
      tags: tags
    }
  }
]

module topicAccess 'modules/topic-access.bicep' = [
  for (source, index) in eventSources: {
    scope: group
    params: {
      stateStorageName: names.stateStorage
      topicKey: '${source.subscription}/${source.resourceGroup}/${source.topic}'
      principalId: topics[index].outputs.principalId
    }
    dependsOn: [stateStorage]
  }
]

module app 'modules/app.bicep' = {
  scope: group
  params: {
    name: names.app
    location: location
    tags: tags
    identityName: names.identity
    identityClientId: identity.outputs.clientId
    insightsConnection: monitoring.outputs.connection
    hostStorageName: names.hostStorage
    stateStorageName: names.stateStorage
    vaultName: names.vault
    catalogSettings: settingValues
    credentialNames: credentialSettingsOf(catalog)
    watchSchedule: watchSchedule
    registrySuffix: registrySuffix
    alwaysReady: alwaysReady
    instanceMemoryMB: instanceMemoryMB
    authClientId: authClientId
    network: network
  }
  // The host reads its storage and resolves its secrets as soon as it starts.
  dependsOn: [resourceAccess]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    insightsName: names.insights
    stateStorageName: names.stateStorage
    buffer: buffer
  }
  dependsOn: [monitoring]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    email: alertEmail
    insightsName: names.insights
    workspaceName: names.workspace
    topics: eventSources
  }
  dependsOn: [stateStorage, topics]
}

@description('The group that everything new is in.')
output AZURE_RESOURCE_GROUP string = group.name
@description('The Functions app, for the deployment of code and for event subscriptions.')
output SLUICE_APP_NAME string = names.app
@description('Where commands are sent to.')
output SLUICE_APP_URL string = app.outputs.url
@description('Holds heads, runs, verdicts, queues and dead letters.')
output SLUICE_STATE_STORAGE string = names.stateStorage
@description('Where credentials of upstream registries are put.')
output SLUICE_VAULT_NAME string = names.vault
@description('The buffer registry.')
output SLUICE_BUFFER_NAME string = buffer.name
@description('The subscription of the buffer registry.')
output SLUICE_BUFFER_SUBSCRIPTION string = buffer.subscription
@description('The trusted image of validations, in the buffer.')
output SLUICE_DOCKER_CLI_IMAGE string = fill(catalog.dockerCli, settingValues)
@description('Where events of registries come from, for the event subscriptions.')
output SLUICE_EVENT_SOURCES array = [
  for source in eventSources: {
    subscription: source.subscription
    resourceGroup: source.resourceGroup
    topic: source.topic
    repositories: source.repositories
  }
]
