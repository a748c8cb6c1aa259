metadata description = 'The parts that the workbook is put together from. Numbers and names are the workbook format\'s own.'

@export()
@description('A text.')
func heading(title string, text string) object => {
  type: 1
  name: toLower(title)
  content: { json: '## ${title}\n${text}' }
}

@export()
@description('A table of what a query finds in Application Insights.')
func grid(title string, query string, insightsId string) object => {
  type: 3
  name: toLower(title)
  content: {
    version: 'KqlItem/1.0'
    title: title
    query: query
    size: 0
    queryType: 0
    resourceType: 'microsoft.insights/components'
    crossComponentResources: [insightsId]
    timeContextFromParameter: 'Time'
    visualization: 'table'
    showExportToExcel: true
    noDataMessage: 'Nothing in this time.'
  }
}

@export()
@description('The table of runs; the one that is selected becomes the parameter Run.')
func runList(title string, query string, insightsId string) object => {
  ...grid(title, query, insightsId)
  content: {
    ...grid(title, query, insightsId).content
    exportFieldName: 'run'
    exportParameterName: 'Run'
    exportDefaultValue: 'none'
  }
}

@export()
@description('A choice of several values, or all of them. `values` holds a query or jsonData.')
func choice(name string, values object, insightsId string) object => {
  ...values
  id: guid(name)
  version: 'KqlParameterItem/1.0'
  name: name
  type: 2
  isRequired: true
  multiSelect: true
  quote: '\''
  delimiter: ','
  typeSettings: { additionalResourceOptions: ['value::all'], selectAllValue: '*', showDefault: false }
  defaultValue: 'value::all'
  timeContextFromParameter: 'Time'
  queryType: 0
  resourceType: 'microsoft.insights/components'
  crossComponentResources: [insightsId]
}

@export()
@description('A choice of the time that everything is shown for.')
func timeRange(name string) object => {
  id: guid(name)
  version: 'KqlParameterItem/1.0'
  name: name
  type: 4
  isRequired: true
  value: { durationMs: 604800000 }
  typeSettings: {
    allowCustom: true
    selectableValues: map([1, 6, 24, 72, 168, 720, 2160], hours => { durationMs: hours * 3600000 })
  }
}

@export()
@description('The task runs of a registry, asked of Azure with the rights of whoever looks.')
func taskRuns(title string, registryId string) object => {
  type: 3
  name: toLower(title)
  content: {
    version: 'KqlItem/1.0'
    title: title
    size: 0
    queryType: 12
    visualization: 'table'
    query: string({
      version: 'ARMEndpoint/1.0'
      method: 'GET'
      path: '${registryId}/runs'
      urlParams: [{ key: 'api-version', value: '2019-06-01-preview' }, { key: '$top', value: '50' }]
      transformers: [
        {
          type: 'jsonpath'
          settings: {
            tablePath: '$.value'
            columns: map(
              ['runId', 'status', 'task', 'runType', 'createTime', 'startTime', 'finishTime', 'runErrorMessage'],
              column => { path: '$.properties.${column}', columnid: column }
            )
          }
        }
      ]
    })
  }
}

@export()
@description('How many messages the queues of a storage account hold.')
func metric(title string, storageId string) object => {
  type: 10
  name: toLower(title)
  content: {
    chartId: guid(title)
    version: 'MetricsItem/2.0'
    title: title
    size: 0
    chartType: 2
    resourceType: 'microsoft.storage/storageaccounts'
    metricScope: 0
    resourceIds: [storageId]
    timeContextFromParameter: 'Time'
    metrics: [
      {
        namespace: 'microsoft.storage/storageaccounts/queueservices'
        metric: 'microsoft.storage/storageaccounts/queueservices-Capacity-QueueMessageCount'
        aggregation: 4
      }
    ]
  }
}
