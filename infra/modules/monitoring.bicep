metadata description = 'Application Insights and the workspace that it writes to. Both accept Entra identities only.'

@description('Required. Name of Application Insights.')
param insightsName string
@description('Required. Name of the workspace.')
param workspaceName string
@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 90
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    // Nothing is thrown away on arrival: a run's history is in its traces. host.json samples what is not.
    SamplingPercentage: 100
  }
}

@description('Where telemetry is sent; it opens nothing without an identity.')
output connection string = insights.properties.ConnectionString
