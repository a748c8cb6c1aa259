metadata description = 'The Functions app on Flex Consumption, and its settings.'

import { networkType } from 'network.bicep'

@description('Required. Name of the app.')
param name string
@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object
@description('Required. Name of the identity.')
param identityName string
@description('Required. Client id of the identity.')
param identityClientId string
@description('Required. Where telemetry is sent.')
param insightsConnection string
@description('Required. Name of the storage account of the Functions host.')
param hostStorageName string
@description('Required. Name of the storage account of heads, runs and queues.')
param stateStorageName string
@description('Required. Name of the vault that holds upstream credentials.')
param vaultName string
@description('Required. App settings that the catalog takes, by name.')
param catalogSettings object
@description('Required. App settings whose values are secrets of the vault.')
param credentialNames string[]
@description('Required. How often upstream registries are asked (six-field NCRONTAB).')
param watchSchedule string
@description('Required. What registries of this cloud are named under.')
param registrySuffix string
@description('Required. Instances that are kept warm.')
param alwaysReady int
@description('Required. Memory of an instance.')
param instanceMemoryMB int
@description('Required. Client id of the app registration that people sign in with; empty for function keys.')
param authClientId string
@description('Required. Who reaches the app over the network.')
param network networkType

var storageSuffix = environment().suffixes.storage
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

var signIn = !empty(authClientId)

// A secret's name is its setting's, in the letters that a vault takes: GHCR_PASSWORD is ghcr-password.
var credentialSettings = toObject(
  credentialNames,
  setting => setting,
  setting =>
    '@Microsoft.KeyVault(SecretUri=https://${vaultName}${environment().suffixes.keyvaultDns}/secrets/${toLower(replace(setting, '_', '-'))})'
)

var settings = union(catalogSettings, credentialSettings, {
  AzureWebJobsStorage__blobServiceUri: 'https://${hostStorageName}.blob.${storageSuffix}'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostStorageName}.queue.${storageSuffix}'
  AzureWebJobsStorage__tableServiceUri: 'https://${hostStorageName}.table.${storageSuffix}'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  SluiceState__queueServiceUri: 'https://${stateStorageName}.queue.${storageSuffix}'
  SluiceState__tableServiceUri: 'https://${stateStorageName}.table.${storageSuffix}'
  SluiceState__credential: 'managedidentity'
  SluiceState__clientId: identityClientId
  AZURE_CLIENT_ID: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  SLUICE_REGISTRY_SUFFIX: registrySuffix
  SLUICE_ARM_ENDPOINT: environment().resourceManager
  SLUICE_WATCH_SCHEDULE: watchSchedule
  SLUICE_SWEEP_SCHEDULE: '30 */5 * * * *'
  SLUICE_DRIFT_SCHEDULE: '15 */10 * * * *'
  SLUICE_AUTH: signIn ? 'entra' : 'key'
})

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // By this tag azd finds where to deploy to.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: network.publicAccess
    keyVaultReferenceIdentity: identity.id
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${hostStorageName}.blob.${storageSuffix}/app-package'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      scaleAndConcurrency: {
        maximumInstanceCount: 40
        instanceMemoryMB: instanceMemoryMB
        alwaysReady: alwaysReady == 0
          ? []
          : [
              { name: 'function:advance', instanceCount: alwaysReady }
              { name: 'function:onRegistryPush', instanceCount: alwaysReady }
            ]
      }
      runtime: { name: 'node', version: '22' }
    }
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noPublishingPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: settings
    dependsOn: [signInOn]
  }
}

// With SLUICE_AUTH=entra the app believes what the platform says of the caller. So the platform asks for sign-in before
// the app believes it, and stops asking only after the app has stopped believing.
module signInOn 'sign-in.bicep' = if (signIn) {
  params: { appName: site.name, clientId: authClientId }
}

module signInOff 'sign-in.bicep' = if (!signIn) {
  params: { appName: site.name, clientId: '' }
  dependsOn: [site::appSettings]
}

@description('Name of the app.')
output name string = site.name
@description('Where commands are sent to.')
output url string = 'https://${site.properties.defaultHostName}'
