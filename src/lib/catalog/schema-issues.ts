import type { z } from 'zod';
import type { Path, SourceDocument } from './document.ts';
import { unresolved } from './settings.ts';
import { didYouMean } from './words.ts';

type Issue = z.core.$ZodIssue;

/** Reports what the schema found, each with its place. `value` is what the schema was given. */
export function reportIssues(document: SourceDocument, value: unknown, issues: readonly Issue[]): void {
  for (const issue of issues) reportIssue(document, value, issue, pathOf(issue));
}

/** Reports a key that cannot be the name of anything. */
export function reportName(document: SourceDocument, path: Path, issues: readonly Issue[]): void {
  const message = `${JSON.stringify(path.at(-1))} is not a name that can stand here.`;
  for (const issue of issues) document.report(path, { message, expected: issue.message, at: 'key' });
}

function reportIssue(document: SourceDocument, root: unknown, issue: Issue, path: Path): void {
  const value = valueAt(root, path);
  // Reported already, where its setting was looked up.
  if (value === unresolved) return;
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) reportKey(document, [...path, key], key, issue.message);
      return;
    case 'invalid_union':
      if (value === undefined) reportValue(document, path, value, issue);
      else reportUnion(document, root, issue, path);
      return;
    default:
      reportValue(document, path, value, issue);
  }
}

function reportKey(document: SourceDocument, path: Path, key: string, expected: string): void {
  document.report(path, {
    message: `The key ${key} is not known here.`,
    expected,
    hint: didYouMean(key, wordsOf(expected)),
    at: 'key',
  });
}

function reportValue(document: SourceDocument, path: Path, value: unknown, issue: Issue): void {
  const expected = issue.message;
  if (value === undefined) {
    document.report(path, { message: `${String(path.at(-1) ?? 'The catalog')} is missing.`, expected, at: 'key' });
    return;
  }
  const hint = issue.code === 'custom' ? issue.params?.hint : undefined;
  document.report(path, {
    message: `${describe(value)} is not right here.`,
    expected,
    hint: typeof hint === 'string' ? hint : hintFor(document, path, value, expected),
  });
}

function hintFor(document: SourceDocument, path: Path, value: unknown, expected: string): string | undefined {
  if (typeof value === 'string') return didYouMean(value, wordsOf(expected));
  // YAML reads 20.10 as the number 20.1: only what was typed says which tag was meant.
  if (typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  return expected.includes('quotes') ? `Write it in quotes: "${document.written(path) ?? value}"` : undefined;
}

/** Of several forms, the one that was most likely meant is explained; all of them only where none is near. */
function reportUnion(document: SourceDocument, root: unknown, issue: Issue & { code: 'invalid_union' }, path: Path) {
  const value = valueAt(root, path);
  const near = issue.errors.filter((issues) => !issues.some(isWrongType) && knowsSomeKey(value, issues));
  const byWeight = near.sort((a, b) => weight(a) - weight(b));
  const meant = byWeight.find((issues) => !issues.some((inner) => lacksKey(value, inner))) ?? single(near);
  if (meant !== undefined) {
    for (const inner of meant) reportIssue(document, root, inner, [...path, ...pathOf(inner)]);
    return;
  }
  const known = wordsOf(issue.message);
  const words = isObject(value) ? Object.keys(value) : [];
  const hint = words.map((key) => didYouMean(key, known)).find((found) => found !== undefined);
  document.report(path, {
    message: `${describe(value)} is not right here.`,
    expected: issue.message,
    hint: hint ?? hintFor(document, path, value, issue.message),
  });
}

function single<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function isWrongType(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code === 'invalid_type';
}

function knowsSomeKey(value: unknown, issues: readonly Issue[]): boolean {
  if (!isObject(value)) return true;
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  return unknown.length < Object.keys(value).length;
}

function lacksKey(value: unknown, issue: Issue): boolean {
  return issue.path.length === 1 && valueAt(value, pathOf(issue)) === undefined;
}

function weight(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

/** `one of a, b, c` names its words. */
function wordsOf(expected: string): string[] {
  return expected.startsWith('one of ') ? expected.slice('one of '.length).split(', ') : [expected];
}

function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (!isObject(value)) return undefined;
    value = Object.hasOwn(value, step) ? value[step as keyof typeof value] : undefined;
  }
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const longest = 60;

function describe(value: unknown): string {
  if (value === null) return 'An empty value';
  if (Array.isArray(value)) return 'A list';
  if (isObject(value)) return `A map of ${Object.keys(value).join(', ') || 'nothing'}`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
