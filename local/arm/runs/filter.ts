import { armError } from '../http/errors.ts';
import type { RunRecord } from './store.ts';

/**
 * The part of OData's `$filter` that runs are listed by:
 *
 *   expression = conjunction { "or" conjunction }
 *   conjunction = term { "and" term }
 *   term = "not" term | "(" expression ")" | property operator literal
 *   operator = "eq" | "ne" | "gt" | "ge" | "lt" | "le"
 *   literal = "'" text "'" (a quote doubled) | time | "true" | "false" | "null"
 *
 * http://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionfilter
 */
export type RunPredicate = (run: RunRecord) => boolean;

type Value = string | number | boolean | readonly string[] | undefined;

const properties: Readonly<Record<string, { readonly kind: 'text' | 'time' | 'flag'; read(run: RunRecord): Value }>> = {
  runid: { kind: 'text', read: (run) => run.runId },
  runtype: { kind: 'text', read: (run) => run.runType },
  status: { kind: 'text', read: (run) => run.status },
  taskname: { kind: 'text', read: (run) => run.task },
  agentpoolname: { kind: 'text', read: (run) => run.agentPoolName },
  createtime: { kind: 'time', read: (run) => run.createTime.getTime() },
  finishtime: { kind: 'time', read: (run) => run.finishTime?.getTime() },
  isarchiveenabled: { kind: 'flag', read: (run) => run.isArchiveEnabled },
  outputimagemanifests: {
    kind: 'text',
    read: (run) => run.outputImages?.map(({ repository, digest }) => `${repository}@${digest}`) ?? [],
  },
};

const tokenPattern = /\s*(?:(\(|\))|((?:datetime(?:offset)?)?'(?:[^']|'')*')|([^\s()']+))/iy;

/** An empty filter matches every run. */
export function parseFilter(text: string): RunPredicate {
  if (text.trim() === '') return () => true;
  const tokens = tokenize(text);
  let at = 0;
  const next = () => tokens[at++];
  const isWord = (word: string) => tokens[at]?.toLowerCase() === word;

  function expression(): RunPredicate {
    let left = conjunction();
    while (isWord('or')) {
      at++;
      const [a, b] = [left, conjunction()];
      left = (run) => a(run) || b(run);
    }
    return left;
  }

  function conjunction(): RunPredicate {
    let left = term();
    while (isWord('and')) {
      at++;
      const [a, b] = [left, term()];
      left = (run) => a(run) && b(run);
    }
    return left;
  }

  function term(): RunPredicate {
    if (isWord('not')) {
      at++;
      const inner = term();
      return (run) => !inner(run);
    }
    if (isWord('(')) {
      at++;
      const inner = expression();
      if (next() !== ')') throw invalid(text, "a ')' is missing");
      return inner;
    }
    return comparison(text, next(), next(), next());
  }

  const predicate = expression();
  if (at < tokens.length) throw invalid(text, `'${tokens[at] ?? ''}' is not expected`);
  return predicate;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokenPattern.lastIndex < end) {
    const match = tokenPattern.exec(text);
    const token = match?.[1] ?? match?.[2] ?? match?.[3];
    if (token === undefined) throw invalid(text, 'a quote is not closed');
    tokens.push(token);
    if (tokens.length > 500) throw invalid(text, 'it is too long');
  }
  return tokens;
}

function comparison(
  text: string,
  name: string | undefined,
  operator: string | undefined,
  literal: string | undefined,
): RunPredicate {
  const property = Object.hasOwn(properties, (name ?? '').toLowerCase())
    ? properties[(name ?? '').toLowerCase()]
    : undefined;
  if (!property) throw invalid(text, `the property '${name ?? ''}' is not known`);
  if (literal === undefined) throw invalid(text, `'${name ?? ''}' is not compared with a value`);
  const wanted = readLiteral(text, literal, property.kind);
  const compare = comparer(text, operator ?? '');
  return (run) => {
    const actual = property.read(run);
    return Array.isArray(actual) ? actual.some((one) => compare(one, wanted)) : compare(actual as Scalar, wanted);
  };
}

type Scalar = string | number | boolean | undefined;

function comparer(text: string, operator: string): (actual: Scalar, wanted: Scalar) => boolean {
  const ordered = (test: (order: number) => boolean) => (actual: Scalar, wanted: Scalar) =>
    actual !== undefined && wanted !== undefined && test(actual < wanted ? -1 : actual > wanted ? 1 : 0);
  switch (operator.toLowerCase()) {
    case 'eq':
      return (actual, wanted) => actual === wanted;
    case 'ne':
      return (actual, wanted) => actual !== wanted;
    case 'gt':
      return ordered((order) => order > 0);
    case 'ge':
      return ordered((order) => order >= 0);
    case 'lt':
      return ordered((order) => order < 0);
    case 'le':
      return ordered((order) => order <= 0);
    default:
      throw invalid(text, `the operator '${operator}' is not known`);
  }
}

/** Times may be bare, quoted, or in the older form `datetime'…'`. */
function readLiteral(text: string, literal: string, kind: 'text' | 'time' | 'flag'): Scalar {
  if (literal.toLowerCase() === 'null') return undefined;
  const quoted = /^(?:datetime(?:offset)?)?'((?:[^']|'')*)'$/i.exec(literal);
  const value = (quoted?.[1] ?? literal).replaceAll("''", "'");
  if (kind === 'time') {
    const time = Date.parse(value);
    if (Number.isNaN(time)) throw invalid(text, `'${value}' is not a time`);
    return time;
  }
  if (kind === 'flag') {
    if (!/^(true|false)$/i.test(value)) throw invalid(text, `'${value}' is neither true nor false`);
    return value.toLowerCase() === 'true';
  }
  if (!quoted) throw invalid(text, `the text ${value} is not quoted`);
  return value;
}

function invalid(text: string, why: string) {
  return armError(400, 'InvalidFilter', `The filter '${text}' is invalid: ${why}.`);
}
