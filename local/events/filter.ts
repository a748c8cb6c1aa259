import * as z from 'zod';
import { type DeliverySchema, type RegistryEvent, toWire } from './event.ts';

const key = z.string().min(1);
const stringOperators = [
  'StringIn',
  'StringNotIn',
  'StringBeginsWith',
  'StringNotBeginsWith',
  'StringEndsWith',
  'StringNotEndsWith',
  'StringContains',
  'StringNotContains',
] as const;
const numberOperators = ['NumberIn', 'NumberNotIn'] as const;
const rangeOperators = ['NumberInRange', 'NumberNotInRange'] as const;
const boundOperators = [
  'NumberLessThan',
  'NumberGreaterThan',
  'NumberLessThanOrEquals',
  'NumberGreaterThanOrEquals',
] as const;

const advancedFilter = z.discriminatedUnion('operatorType', [
  z.object({ operatorType: z.enum(stringOperators), key, values: z.array(z.string()).min(1).max(25) }),
  z.object({ operatorType: z.enum(numberOperators), key, values: z.array(z.number()).min(1).max(25) }),
  z.object({
    operatorType: z.enum(rangeOperators),
    key,
    values: z
      .array(z.tuple([z.number(), z.number()]))
      .min(1)
      .max(25),
  }),
  z.object({ operatorType: z.enum(boundOperators), key, value: z.number() }),
  z.object({ operatorType: z.literal('BoolEquals'), key, value: z.boolean() }),
  z.object({ operatorType: z.enum(['IsNullOrUndefined', 'IsNotNull']), key }),
]);

/** As in an event subscription's ARM properties. */
export const filterSchema = z.object({
  /** Absent: every type. */
  includedEventTypes: z.array(z.string()).min(1).optional(),
  subjectBeginsWith: z.string().default(''),
  subjectEndsWith: z.string().default(''),
  isSubjectCaseSensitive: z.boolean().default(false),
  /** All must match; within one, any of its values. */
  advancedFilters: z.array(advancedFilter).max(25).default([]),
});

export type EventFilter = z.infer<typeof filterSchema>;
type AdvancedFilter = z.infer<typeof advancedFilter>;

const valueAt = (event: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Record<string, unknown>)[name];
  }, event);

type StringOperator = (typeof stringOperators)[number];

/** Strings compare without regard to case. */
const stringTests: Readonly<Record<StringOperator, (value: string, wanted: string) => boolean>> = {
  StringIn: (value, wanted) => value === wanted,
  StringNotIn: (value, wanted) => value === wanted,
  StringBeginsWith: (value, wanted) => value.startsWith(wanted),
  StringNotBeginsWith: (value, wanted) => value.startsWith(wanted),
  StringEndsWith: (value, wanted) => value.endsWith(wanted),
  StringNotEndsWith: (value, wanted) => value.endsWith(wanted),
  StringContains: (value, wanted) => value.includes(wanted),
  StringNotContains: (value, wanted) => value.includes(wanted),
};

const boundTests: Readonly<Record<(typeof boundOperators)[number], (value: number, bound: number) => boolean>> = {
  NumberLessThan: (value, bound) => value < bound,
  NumberGreaterThan: (value, bound) => value > bound,
  NumberLessThanOrEquals: (value, bound) => value <= bound,
  NumberGreaterThanOrEquals: (value, bound) => value >= bound,
};

function matchesString(operator: StringOperator, values: readonly string[], value: unknown): boolean {
  const isNegated = operator.includes('Not');
  if (typeof value !== 'string') return isNegated;
  const test = stringTests[operator];
  return values.some((wanted) => test(value.toLowerCase(), wanted.toLowerCase())) !== isNegated;
}

/** A key that is not there matches the negated operators only. https://learn.microsoft.com/azure/event-grid/event-filtering */
function matchesAdvanced(filter: AdvancedFilter, event: unknown): boolean {
  const value = valueAt(event, filter.key);
  switch (filter.operatorType) {
    case 'IsNullOrUndefined':
      return value === undefined || value === null;
    case 'IsNotNull':
      return value !== undefined && value !== null;
    case 'BoolEquals':
      return value === filter.value;
    case 'NumberIn':
    case 'NumberNotIn':
      return filter.values.some((wanted) => wanted === value) === (filter.operatorType === 'NumberIn');
    case 'NumberInRange':
    case 'NumberNotInRange':
      return (
        filter.values.some(([low, high]) => typeof value === 'number' && value >= low && value <= high) ===
        (filter.operatorType === 'NumberInRange')
      );
    case 'NumberLessThan':
    case 'NumberGreaterThan':
    case 'NumberLessThanOrEquals':
    case 'NumberGreaterThanOrEquals':
      return typeof value === 'number' && boundTests[filter.operatorType](value, filter.value);
    default:
      return matchesString(filter.operatorType, filter.values, value);
  }
}

/** Whether a subscription wants an event. Keys of advanced filters are those of the schema it is delivered in. */
export function wants(filter: EventFilter, event: RegistryEvent, schema: DeliverySchema): boolean {
  const fold = (text: string) => (filter.isSubjectCaseSensitive ? text : text.toLowerCase());
  const types = filter.includedEventTypes?.map((type) => type.toLowerCase());
  if (types && !types.includes('all') && !types.includes(event.type.toLowerCase())) return false;
  if (!fold(event.subject).startsWith(fold(filter.subjectBeginsWith))) return false;
  if (!fold(event.subject).endsWith(fold(filter.subjectEndsWith))) return false;
  const wire = toWire(event, schema);
  return filter.advancedFilters.every((advanced) => matchesAdvanced(advanced, wire));
}
