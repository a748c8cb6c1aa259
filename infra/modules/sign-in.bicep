metadata description = 'App Service authentication: who may speak to the app at all.'

@description('Required. Name of the Functions app.')
param appName string
@description('Required. Client id of the app registration that people sign in with; empty turns sign-in off.')
param clientId string

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

var registration = {
  azureActiveDirectory: {
    enabled: true
    registration: {
      clientId: clientId
      openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
    }
    validation: { allowedAudiences: [clientId, 'api://${clientId}'] }
  }
}

resource authentication 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: !empty(clientId) }
    globalValidation: {
      requireAuthentication: !empty(clientId)
      unauthenticatedClientAction: empty(clientId) ? 'AllowAnonymous' : 'Return401'
      // Event Grid comes with a key of the host, not with a token of ours.
      excludedPaths: ['/runtime/webhooks/*']
    }
    httpSettings: { requireHttps: true }
    identityProviders: empty(clientId) ? {} : registration
    login: { tokenStore: { enabled: false } }
  }
}
