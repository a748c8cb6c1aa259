import { TaskFileProblem } from './problem.ts';
import type { Traced } from './traced.ts';

/** What a template can name. A value that was not given is empty, as on ACR; a Run variable that does not exist is not. */
export interface TemplateData {
  readonly run: Readonly<Record<string, string>>;
  readonly values: ReadonlyMap<string, string>;
}

type Token = { readonly kind: 'field' | 'word' | 'string' | 'pipe'; readonly text: string; readonly at: number };

/** Filters and functions, with the piped value last, as in Go templates. */
const FUNCTIONS: Readonly<Record<string, (...args: string[]) => string>> = {
  b64enc: (text = '') => Buffer.from(text).toString('base64'),
  b64dec: (text = '') => Buffer.from(text, 'base64').toString(),
  quote: (text = '') => JSON.stringify(text),
  squote: (text = '') => `'${text}'`,
  lower: (text = '') => text.toLowerCase(),
  upper: (text = '') => text.toUpperCase(),
  trim: (text = '') => text.trim(),
  default: (fallback = '', text = '') => text || fallback,
  replace: (old = '', by = '', text = '') => text.replaceAll(old, by),
  trimPrefix: (prefix = '', text = '') => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
  trimSuffix: (suffix = '', text = '') => (suffix && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text),
};

/** Renders the `{{ }}` actions of a task file. Values are pasted as they are: nothing is quoted for YAML or a shell. */
export function renderTemplate(source: Traced, data: TemplateData): Traced {
  const { text } = source;
  return source.edit((out) => {
    let done = 0;
    let open = text.indexOf('{{');
    while (open >= 0) {
      const close = endOfAction(text, open);
      const { inner, start, trimLeft, trimRight } = trimMarkers(text.slice(open + 2, close), open + 2);
      out.keep(done, trimLeft ? done + text.slice(done, open).trimEnd().length : open);
      out.paste(evaluate(inner, start, data), open);
      done = close + 2;
      if (trimRight) done += text.length - done - text.slice(done).trimStart().length;
      open = text.indexOf('{{', done);
    }
    out.keep(done, text.length);
  });
}

function endOfAction(text: string, open: number): number {
  // A string may hold the closing braces.
  const action = /\{\{(?:-?\s*\/\*[\s\S]*?\*\/\s*-?|(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|(?!\}\})[^\n"`])*)\}\}/y;
  action.lastIndex = open;
  const match = action.exec(text);
  if (!match) throw new TaskFileProblem('failed to parse template: this {{ has no }} on its line', open);
  return open + match[0].length - 2;
}

function trimMarkers(inner: string, start: number) {
  const trimLeft = /^-\s/.test(inner);
  const trimRight = /\s-$/.test(inner);
  return {
    inner: inner.slice(trimLeft ? 1 : 0, trimRight ? -1 : undefined),
    start: start + (trimLeft ? 1 : 0),
    trimLeft,
    trimRight,
  };
}

function evaluate(action: string, start: number, data: TemplateData): string {
  if (/^\s*\/\*[\s\S]*\*\/\s*$/.test(action)) return '';
  const stages = splitPipeline(tokenize(action, start));
  let piped: string | undefined;
  for (const stage of stages) piped = runStage(stage, piped, start, data);
  return piped ?? '';
}

function tokenize(action: string, start: number): Token[] {
  const tokens: Token[] = [];
  const next = /\s+|(\.[\w.]+)|([A-Za-z_]\w*|-?\d+(?:\.\d+)?)|("(?:\\.|[^"\\])*"|`[^`]*`)|(\|)/y;
  while (next.lastIndex < action.length) {
    const at = next.lastIndex;
    const match = next.exec(action);
    if (!match) {
      throw new TaskFileProblem(`failed to parse template: unexpected ${JSON.stringify(action[at])}`, start + at);
    }
    const [, field, word, text, pipe] = match;
    if (field) tokens.push({ kind: 'field', text: field, at: start + at });
    else if (word) tokens.push({ kind: 'word', text: word, at: start + at });
    else if (text) tokens.push({ kind: 'string', text: unquote(text, start + at), at: start + at });
    else if (pipe) tokens.push({ kind: 'pipe', text: pipe, at: start + at });
  }
  return tokens;
}

function unquote(literal: string, at: number): string {
  if (literal.startsWith('`')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    throw new TaskFileProblem(`failed to parse template: ${literal} is not a string`, at);
  }
}

function splitPipeline(tokens: readonly Token[]): Token[][] {
  const stages: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'pipe') stages.push([]);
    else stages.at(-1)?.push(token);
  }
  return stages;
}

function runStage(stage: readonly Token[], piped: string | undefined, start: number, data: TemplateData): string {
  const [head, ...rest] = stage;
  if (!head) throw new TaskFileProblem('failed to parse template: missing value for command', start);
  const args = rest.map((token) => operand(token, data));
  if (piped !== undefined) args.push(piped);
  if (head.kind === 'word' && !/^-?\d/.test(head.text)) return call(head, args);
  if (args.length > 0) {
    throw new TaskFileProblem(`failed to parse template: can't give argument to non-function ${head.text}`, head.at);
  }
  return operand(head, data);
}

function call(head: Token, args: string[]): string {
  const named = Object.hasOwn(FUNCTIONS, head.text) ? FUNCTIONS[head.text] : undefined;
  if (named) return named(...args);
  if (/^(if|else|end|range|with|define|template|block|break|continue)$/.test(head.text)) {
    throw new TaskFileProblem(`template action "${head.text}" is not supported by the local runner`, head.at);
  }
  throw new TaskFileProblem(`failed to parse template: function "${head.text}" not defined`, head.at);
}

function operand(token: Token, data: TemplateData): string {
  if (token.kind !== 'field') return token.text;
  const [, root = '', ...path] = token.text.split('.');
  const name = path.join('.');
  if (root === 'Values' && name) return data.values.get(name) ?? '';
  if (root === 'Run' || root === 'Build') {
    const value = Object.hasOwn(data.run, name) ? data.run[name] : undefined;
    if (value !== undefined) return value;
    const known = Object.keys(data.run).join(', ');
    throw new TaskFileProblem(`template names ${token.text}, which does not exist; .Run has ${known}`, token.at);
  }
  if (root === 'Secrets') {
    throw new TaskFileProblem('secrets are not supported by the local runner: it has no Key Vault', token.at);
  }
  throw new TaskFileProblem(`template names ${token.text}; it can name .Run and .Values`, token.at);
}
