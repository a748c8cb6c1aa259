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

var rules = [
  {
    name: 'stalled'
    title: 'a run is stalled'
    description: 'A run cannot go on until somebody acts. Its reason says what to do; then retry or cancel it.'
    query: '${loadTextContent('../queries/transitions.kql')}${loadTextContent('../queries/alert-stalled.kql')}'
    scope: insights.id
    severity: 2
    every: 'PT5M'
    over: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    // One alert a run; nothing in the log says that it is over, so that people close it.
    resolves: false
    dimensions: ['tracked', 'run']
  }
  {
    name: 'poison'
    title: 'a message is in the poison queue'
    description: 'The message of a run failed five times. The sweep takes the run up again; the exception says what is wrong.'
    query: loadTextContent('../queries/alert-poison.kql')
    scope: workspace.id
    severity: 2
    every: 'PT15M'
    over: 'PT30M'
    operator: 'GreaterThan'
    threshold: 0
    resolves: true
    dimensions: []
  }
  {
    name: 'silent'
    title: 'no tick for 30 minutes'
    description: 'Nothing looks at upstream registries, at drift or at overdue runs: the app does not run, or cannot log.'
    query: loadTextContent('../queries/alert-silent.kql')
    scope: insights.id
    severity: 1
    every: 'PT10M'
    over: 'PT30M'
    operator: 'LessThan'
    threshold: 1
    resolves: true
    dimensions: []
  }
]

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
  for rule in rules: {
    name: 'alert-sluice-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Sluice: ${rule.title}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [rule.scope]
      evaluationFrequency: rule.every
      windowSize: rule.over
      autoMitigate: rule.resolves
      // The storage logs' table exists only once something was logged.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Total'
            metricMeasureColumn: 'found'
            operator: rule.operator
            threshold: rule.threshold
            dimensions: map(rule.dimensions, column => { name: column, operator: 'Include', values: ['*'] })
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
