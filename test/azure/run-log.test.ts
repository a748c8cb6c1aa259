import { expect, it } from 'vitest';
import { both, equal, since } from '../../src/lib/azure/odata.ts';
import { tail } from '../../src/lib/azure/run-log.ts';

it('drops a line that was cut, for it may begin inside a credential', () => {
  expect(tail('anted-token-without-its-name\nnext line\r\nlast', true)).toBe('next line\nlast');
  expect(tail('first\nsecond', false)).toBe('first\nsecond');
});

it('masks credentials in the end of a log', () => {
  const end = tail('docker login -p planted\nNPM_TOKEN=planted\nfailed to run step ID: a: exit status 3\n', false);
  expect(end).not.toContain('planted');
  expect(end).toContain('failed to run step ID: a: exit status 3');
});

it("keeps a filter's text inside its quotes", () => {
  const filter = both(equal('TaskName', "a' or Status eq 'Failed"), since('CreateTime', 0));
  expect(filter).toBe("TaskName eq 'a'' or Status eq ''Failed' and CreateTime ge 1970-01-01T00:00:00.000Z");
});
