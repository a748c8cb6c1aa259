import { expect, test } from 'vitest';
import { toEvent } from '../../../local/events/event.ts';
import { filterSchema, wants } from '../../../local/events/filter.ts';
import { push, resourceId, scope } from './fixture.ts';

const event = (repository: string, tag: string | undefined) => {
  const made = toEvent(
    push(repository, tag),
    { resourceId: resourceId('contosobaseimages'), scope },
    { id: 'id', time: new Date(0) },
  );
  if (!made) throw new Error('no event');
  return made;
};

const repository = 'data.target.repository';
const tag = 'data.target.tag';

test.each([
  [{}, true],
  [{ includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed'] }, true],
  [{ includedEventTypes: ['Microsoft.ContainerRegistry.ImageDeleted'] }, false],
  [{ includedEventTypes: ['All'] }, true],
  [{ subjectBeginsWith: 'staging/' }, true],
  [{ subjectBeginsWith: 'STAGING/' }, true],
  [{ subjectBeginsWith: 'STAGING/', isSubjectCaseSensitive: true }, false],
  [{ subjectBeginsWith: 'base-images/' }, false],
  [{ subjectEndsWith: ':20' }, true],
  [{ subjectEndsWith: ':21' }, false],
  [
    { advancedFilters: [{ operatorType: 'StringBeginsWith', key: repository, values: ['base-images/', 'Staging/'] }] },
    true,
  ],
  [{ advancedFilters: [{ operatorType: 'StringBeginsWith', key: repository, values: ['base-images/'] }] }, false],
  [{ advancedFilters: [{ operatorType: 'StringNotBeginsWith', key: repository, values: ['base-images/'] }] }, true],
  [{ advancedFilters: [{ operatorType: 'StringIn', key: tag, values: ['19', '20'] }] }, true],
  [{ advancedFilters: [{ operatorType: 'StringNotIn', key: tag, values: ['19', '20'] }] }, false],
  [{ advancedFilters: [{ operatorType: 'StringEndsWith', key: repository, values: ['node'] }] }, true],
  [{ advancedFilters: [{ operatorType: 'StringContains', key: repository, values: ['ging/no'] }] }, true],
  [{ advancedFilters: [{ operatorType: 'IsNotNull', key: tag }] }, true],
  [{ advancedFilters: [{ operatorType: 'IsNullOrUndefined', key: tag }] }, false],
  [{ advancedFilters: [{ operatorType: 'NumberGreaterThan', key: 'data.target.size', value: 3000 }] }, true],
  [{ advancedFilters: [{ operatorType: 'NumberInRange', key: 'data.target.size', values: [[0, 10]] }] }, false],
  [
    {
      advancedFilters: [
        { operatorType: 'IsNotNull', key: tag },
        { operatorType: 'StringIn', key: tag, values: ['19'] },
      ],
    },
    false,
  ],
])('staging/node:20 through %j: %s', (filter, expected) => {
  expect(wants(filterSchema.parse(filter), event('staging/node', '20'), 'EventGridSchema')).toBe(expected);
});

test.each([
  ['IsNotNull', undefined, false],
  ['IsNullOrUndefined', undefined, true],
  ['StringIn', ['20'], false],
  ['StringNotIn', ['20'], true],
])('a push without a tag, filtered by %s on the tag: %s', (operatorType, values, expected) => {
  const filter = filterSchema.parse({ advancedFilters: [{ operatorType, key: tag, ...(values ? { values } : {}) }] });
  expect(wants(filter, event('staging/node', undefined), 'EventGridSchema')).toBe(expected);
});

test('keys are those of the schema that is delivered', () => {
  const filter = filterSchema.parse({ advancedFilters: [{ operatorType: 'IsNotNull', key: 'source' }] });
  expect(wants(filter, event('a', 'b'), 'CloudEventSchemaV1_0')).toBe(true);
  expect(wants(filter, event('a', 'b'), 'EventGridSchema')).toBe(false);
});

test.each([
  [{ advancedFilters: [{ operatorType: 'StringIs', key: tag, values: ['20'] }] }],
  [{ advancedFilters: [{ operatorType: 'StringIn', key: tag }] }],
  [{ includedEventTypes: [] }],
])('%j is no filter', (filter) => {
  expect(filterSchema.safeParse(filter).success).toBe(false);
});
