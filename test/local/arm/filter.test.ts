import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../../local/arm/runs/filter.ts';
import type { RunRecord } from '../../../local/arm/runs/store.ts';

const failed: RunRecord = {
  registry: 'contosodev',
  runId: 'ca1',
  sequence: 1,
  status: 'Failed',
  lastUpdatedTime: new Date('2025-04-08T08:19:00Z'),
  runType: 'QuickRun',
  createTime: new Date('2025-04-08T08:18:27.877Z'),
  finishTime: new Date('2025-04-08T08:19:00Z'),
  task: "o'brien",
  outputImages: [{ registry: 'localhost:1', repository: 'app', tag: '1', digest: 'sha256:1' }],
  platform: { os: 'linux' },
  agentConfiguration: {},
  isArchiveEnabled: false,
  requestedBy: 'me',
  logName: 'log',
};
const { finishTime: _f, task: _t, outputImages: _o, ...rest } = failed;
const queued: RunRecord = { ...rest, runId: 'ca2', status: 'Queued', createTime: new Date('2025-04-08T09:00:00Z') };

const found = (filter: string) => [failed, queued].filter(parseFilter(filter)).map(({ runId }) => runId);

test.each([
  ['', ['ca1', 'ca2']],
  ["TaskName eq 'o''brien'", ['ca1']],
  ["TaskName ne 'o''brien'", ['ca2']],
  ["taskname EQ 'other'", []],
  ["Status eq 'Failed' or Status eq 'Queued'", ['ca1', 'ca2']],
  ["RunType eq 'QuickRun' and Status eq 'Queued'", ['ca2']],
  ["Status eq 'Queued' or Status eq 'Failed' and RunId eq 'ca2'", ['ca2']],
  ["(Status eq 'Queued' or Status eq 'Failed') and not (RunId eq 'ca2')", ['ca1']],
  ['CreateTime ge 2025-04-08T08:18:27.877Z', ['ca1', 'ca2']],
  ['CreateTime gt 2025-04-08T08:18:27.877Z', ['ca2']],
  ["CreateTime lt datetime'2025-04-08T09:00:00Z'", ['ca1']],
  ["CreateTime le '2025-04-08T11:00:00+02:00'", ['ca1', 'ca2']],
  ['FinishTime eq null', ['ca2']],
  ['FinishTime lt 2030-01-01T00:00:00Z', ['ca1']],
  ['IsArchiveEnabled eq false', ['ca1', 'ca2']],
  ["OutputImageManifests eq 'app@sha256:1'", ['ca1']],
  ["AgentPoolName eq 'pool'", []],
])('%s', (filter, expected) => {
  expect(found(filter)).toEqual(expected);
});

describe('is refused, saying why', () => {
  test.each([
    ['Colour eq 1', "the property 'Colour' is not known"],
    ["__proto__ eq 'x'", "the property '__proto__' is not known"],
    ["Status is 'Failed'", "the operator 'is' is not known"],
    ['Status eq', "'Status' is not compared with a value"],
    ['Status eq Failed', 'the text Failed is not quoted'],
    ["Status eq 'Failed", 'a quote is not closed'],
    ["(Status eq 'Failed'", "a ')' is missing"],
    ["Status eq 'Failed' RunId", "'RunId' is not expected"],
    ['CreateTime gt tomorrow', "'tomorrow' is not a time"],
    ['IsArchiveEnabled eq 1', "'1' is neither true nor false"],
  ])('%s', (filter, why) => {
    expect(() => parseFilter(filter)).toThrow(why);
  });
});
