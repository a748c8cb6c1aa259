metadata description = 'The workbook "Sluice": where operators read run history in the portal.'

import { choice, grid, heading, metric, runList, taskRuns, timeRange } from 'workbook-parts.bicep'

@description('Required. Region.')
param location string
@description('Required. Tags of the environment.')
param tags object
@description('Required. Name of Application Insights.')
param insightsName string
@description('Required. Name of the storage account of heads, runs and queues.')
param stateStorageName string
@description('Required. The buffer registry (subscription, resourceGroup, name), whose task runs are listed.')
param buffer object

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource stateStorage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: stateStorageName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: buffer.name
  scope: resourceGroup(buffer.subscription, buffer.resourceGroup)
}

var transitions = loadTextContent('../queries/transitions.kql')
var outcomes = [
  'promoted'
  'patched'
  'rolled-back'
  'unchanged'
  'superseded'
  'rejected'
  'blocked'
  'expired'
  'void'
  'cancelled'
  'gone'
  'untracked'
]

var content = {
  version: 'Notebook/1.0'
  fallbackResourceIds: [insights.id]
  '$schema': 'https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json'
  items: [
    heading('Sluice', 'The record is in the tables; this is what the app told of it. Select a run to see its timeline.')
    {
      type: 9
      name: 'filters'
      content: {
        version: 'KqlParameterItem/1.0'
        style: 'pills'
        queryType: 0
        resourceType: 'microsoft.insights/components'
        crossComponentResources: [insights.id]
        parameters: [
          timeRange('Time')
          choice('Image', { query: '${transitions}${loadTextContent('../queries/images.kql')}' }, insights.id)
          choice(
            'Outcome',
            { jsonData: string(map(outcomes, outcome => { value: outcome, label: outcome })) },
            insights.id
          )
        ]
      }
    }
    runList('Runs', '${transitions}${loadTextContent('../queries/runs.kql')}', insights.id)
    grid('Timeline of the selected run', '${transitions}${loadTextContent('../queries/timeline.kql')}', insights.id)
    grid(
      'Rejected, held, waiting or stalled',
      '${transitions}${loadTextContent('../queries/attention.kql')}',
      insights.id
    )
    grid('Promotion lead time, in minutes', '${transitions}${loadTextContent('../queries/lead-time.kql')}', insights.id)
    grid('Rebuilds of dependents', '${transitions}${loadTextContent('../queries/dependents.kql')}', insights.id)
    grid('What people did', '${transitions}${loadTextContent('../queries/commands.kql')}', insights.id)
    taskRuns('Task runs of the buffer registry', registry.id)
    heading('The app itself', '')
    grid('Ticks', loadTextContent('../queries/ticks.kql'), insights.id)
    grid('Troubles', loadTextContent('../queries/troubles.kql'), insights.id)
    grid('Calls and failures of functions', loadTextContent('../queries/failures.kql'), insights.id)
    metric('Messages in queues (counted by Azure once an hour)', stateStorage.id)
  ]
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'sluice')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Sluice'
    category: 'workbook'
    sourceId: insights.id
    serializedData: string(content)
  }
}
