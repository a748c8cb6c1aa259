import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { at, deployment, readText, root } from './deployment.ts';
import { analyse } from './kusto.ts';

// The columns that Application Insights and the storage logs document, as far as queries may use them.
const common =
  'timestamp: datetime, itemType: string, customDimensions: dynamic, operation_Name: string, operation_Id: string, operation_ParentId: string, cloud_RoleName: string, cloud_RoleInstance: string, itemCount: int';
const tables = {
  traces: `(${common}, message: string, severityLevel: int)`,
  requests: `(${common}, id: string, name: string, url: string, success: string, resultCode: string, duration: real)`,
  exceptions: `(${common}, problemId: string, type: string, method: string, outerType: string, outerMessage: string, innermostMessage: string, severityLevel: int, details: dynamic)`,
  StorageQueueLogs:
    '(TimeGenerated: datetime, AccountName: string, OperationName: string, Uri: string, StatusCode: string, StatusText: string, CallerIpAddress: string)',
};

interface WorkbookItem {
  readonly name: string;
  readonly content: {
    readonly query?: string;
    readonly queryType?: number;
    readonly parameters?: readonly Parameter[];
  };
}

interface Parameter {
  readonly name: string;
  readonly query?: string;
}

const everything = deployment('everything');
const workbook = JSON.parse(
  String(at(everything.one('Microsoft.Insights/workbooks'), 'properties', 'serializedData')),
) as { items: WorkbookItem[] };
const parameters = workbook.items.flatMap(({ content }) => content.parameters ?? []);

const workbookQueries = [
  ...workbook.items.filter(({ content }) => content.query !== undefined && content.queryType === 0),
  ...parameters.filter(({ query }) => query !== undefined).map(({ name, query }) => ({ name, content: { query } })),
].map(({ name, content }) => ({ name, query: String(content.query) }));

const alertQueries = everything.ofType('Microsoft.Insights/scheduledQueryRules').map((rule) => ({
  name: rule.name,
  query: String(at(rule, 'properties', 'criteria', 'allOf', 0, 'query')),
  measure: String(at(rule, 'properties', 'criteria', 'allOf', 0, 'metricMeasureColumn')),
  dimensions: (at(rule, 'properties', 'criteria', 'allOf', 0, 'dimensions') as { name: string }[]).map(
    ({ name }) => name,
  ),
}));

/** What the portal puts in place of parameters. */
const filled = (query: string) => query.replaceAll(/\{(?:Image|Outcome)\}/g, "'*'").replaceAll('{Run}', 'abc');

describe('what operators are shown', () => {
  test.each(workbookQueries)('is asked for in words that Application Insights knows: $name', ({ query }) => {
    expect(analyse(filled(query), tables).faults).toEqual([]);
  });

  test('takes only parameters that the workbook has', () => {
    const known = new Set([...parameters.map(({ name }) => name), 'Run']);
    const used = workbookQueries.flatMap(({ query }) => [...query.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    expect(used.filter((name) => !known.has(name ?? ''))).toEqual([]);
  });

  test('lets a run be selected by a column that the list of runs has', () => {
    const list = workbook.items.find(({ name }) => name === 'runs');
    expect(analyse(filled(list?.content.query ?? ''), tables).columns).toContain(
      at(list, 'content', 'exportFieldName'),
    );
  });

  test('holds every query that is kept as a file', () => {
    const sent = [...workbookQueries, ...alertQueries].map(({ query }) => query);
    const files = readdirSync(`${root}infra/queries`).map((name) => readText(`infra/queries/${name}`));
    expect(files.filter((text) => !sent.some((query) => query.includes(text)))).toEqual([]);
  });
});

describe('what alerts', () => {
  test.each(alertQueries)('is counted in a column of its query, by columns of its query: $name', (alert) => {
    const { faults, columns } = analyse(alert.query, tables);
    expect(faults).toEqual([]);
    expect(columns).toEqual(expect.arrayContaining([alert.measure, ...alert.dimensions]));
  });

  test('is a stalled run, a poisonous message, a silent app and a dead letter', () => {
    const metrics = everything.ofType('Microsoft.Insights/metricAlerts');
    expect(alertQueries.map(({ name }) => name)).toEqual([
      'alert-sluice-stalled',
      'alert-sluice-poison',
      'alert-sluice-silent',
    ]);
    expect(metrics.map((rule) => at(rule, 'properties', 'criteria', 'allOf', 0, 'metricName'))).toEqual(
      everything
        .ofType('Microsoft.EventGrid/systemTopics')
        .map(() => 'DeadLetteredCount')
        .concat('DeadLetteredCount'),
    );
  });

  test('is sent to whoever was named', () => {
    const group = everything.one('Microsoft.Insights/actionGroups');
    const rules = [
      ...everything
        .ofType('Microsoft.Insights/scheduledQueryRules')
        .map((rule) => at(rule, 'properties', 'actions', 'actionGroups')),
      ...everything
        .ofType('Microsoft.Insights/metricAlerts')
        .map((rule) =>
          (at(rule, 'properties', 'actions') as { actionGroupId: string }[]).map((action) => action.actionGroupId),
        ),
    ];
    expect(rules).toEqual(rules.map(() => [group.id]));
  });
});

test('a query with a column that is not there is found out', () => {
  expect(analyse('traces | where mesage has "x"', tables).faults).toHaveLength(1);
});
