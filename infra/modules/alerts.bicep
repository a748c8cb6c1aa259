metadata description = 'What somebody should look at today.'

@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object
@description('Required. Where alerts are sent; empty for the portal only.')
param email string
@description('Required. Name of Application Insights.')
param insightsName string
@description('Required. Name of the workspace that holds the storage logs.')
param workspaceName string
@description('Required. The Event Grid topics (subscription, resourceGroup, topic).')
param topics object[]

var queries = loadJsonContent('../alerts.json')

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

resource receivers 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-sluice'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'sluice'
    enabled: true
    emailReceivers: [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for query in queries: {
    name: 'alert-sluice-${query.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Sluice: ${query.title}'
      description: query.description
      severity: query.severity
      enabled: true
      scopes: [query.on == 'insights' ? insights.id : workspace.id]
      evaluationFrequency: query.every
      windowSize: query.over
      autoMitigate: query.resolves
      // The storage logs' table exists only once something was logged.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: join(query.query, '\n')
            timeAggregation: 'Total'
            metricMeasureColumn: 'found'
            operator: query.operator
            threshold: query.threshold
            dimensions: map(query.dimensions, column => { name: column, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(email) ? [] : [receivers.id] }
    }
  }
]

resource deadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for source in topics: {
    name: 'alert-sluice-dead-letters-${source.topic}'
    location: 'global'
    tags: tags
    properties: {
      description: 'An event of a registry could not be delivered. The next watch or drift finds what it said; look why.'
      severity: 2
      enabled: true
      scopes: [resourceId(source.subscription, source.resourceGroup, 'Microsoft.EventGrid/systemTopics', source.topic)]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'dead letters'
            metricName: 'DeadLetteredCount'
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: empty(email) ? [] : [{ actionGroupId: receivers.id }]
    }
  }
]
