import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import type { Problem } from './problem.ts';

export type Path = readonly (string | number)[];

/** What a problem says, before it has a place. `at` is where the caret stands: the key, or the value (the default). */
export interface Finding {
  readonly message: string;
  readonly expected: string;
  readonly hint?: string | undefined;
  readonly at?: 'key' | 'value';
}

/** A YAML file that remembers where each value stood, and collects what is wrong with it. */
export interface SourceDocument {
  /** The plain values; undefined where the text is not YAML. */
  readonly value: unknown;
  /** A value as it was typed: `20.10`, which YAML reads as the number 20.1. */
  written(path: Path): string | undefined;
  report(path: Path, finding: Finding): void;
  /** In the order of the file, each once. */
  problems(): Problem[];
}

export function readDocument(file: string, text: string): SourceDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const found: Problem[] = [];

  const add = (offset: number, path: Path, { message, expected, hint }: Finding) => {
    const { line, col } = lines.linePos(offset);
    const problem = { file, line, column: col, path: formatPath(path), message, expected };
    found.push(hint === undefined ? problem : { ...problem, hint });
  };
  for (const error of tellingErrors(document.errors)) {
    const line = text.split('\n')[lines.linePos(error.pos[0]).line - 1] ?? '';
    const hint = line.includes('${') ? `Inside { } and [ ], a value with \${…} must be in quotes.` : undefined;
    add(error.pos[0], [], { message: `The text is not YAML: ${firstLine(error)}.`, expected: 'a YAML file', hint });
  }

  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const message = `The alias *${alias.source} has no anchor before it.`;
      add(alias.range?.[0] ?? 0, [], { message, expected: `&${alias.source} at what it stands for` });
    },
  });

  const root = document.contents;
  return {
    value: found.length > 0 ? undefined : plain(),
    written: (path) => {
      const { value } = locate(root, path);
      return isScalar(value) ? value.source : undefined;
    },
    report: (path, finding) => add(offsetOf(root, path, finding.at ?? 'value'), path, finding),
    problems: () => unique(found).sort((a, b) => a.line - b.line || a.column - b.column),
  };

  function plain(): unknown {
    try {
      const value: unknown = document.toJS();
      // Throws where an alias leads back into its own anchor: nothing here could walk through that.
      JSON.stringify(value);
      return value;
    } catch (error) {
      // Also aliases of aliases that would blow the document up.
      add(0, [], { message: `The text cannot be read: ${firstLine(error)}.`, expected: 'a YAML file' });
      return undefined;
    }
  }

  function locate(start: unknown, path: Path): Located {
    let here: Located = { key: undefined, value: isNode(start) ? start : undefined };
    for (const step of path) {
      const next = child(here.value, step);
      if (next === undefined) return { ...here, value: undefined };
      here = next;
    }
    return here;
  }

  function child(parent: Node | undefined, step: string | number): Located | undefined {
    const node = isAlias(parent) ? parent.resolve(document) : parent;
    if (isSeq(node)) {
      const item = node.items[Number(step)];
      return isNode(item) ? { key: item, value: item } : undefined;
    }
    if (!isMap(node)) return undefined;
    const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
    if (pair === undefined) return undefined;
    const key = isNode(pair.key) ? pair.key : undefined;
    return { key, value: isNode(pair.value) ? pair.value : key };
  }

  /** A value that is not there is shown at the nearest key above it. */
  function offsetOf(start: unknown, path: Path, at: 'key' | 'value'): number {
    for (let length = path.length; length > 0; length--) {
      const { key, value } = locate(start, path.slice(0, length));
      if (value === undefined) continue;
      const node = at === 'key' || length < path.length || !isScalar(value) ? (key ?? value) : value;
      return node.range?.[0] ?? 0;
    }
    return 0;
  }
}

interface Located {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

/** `images.node.tags[0]` */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** After a slip of syntax the parser loses its place, and what it finds from there on is noise. */
function tellingErrors(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const slip = errors.find((error) => error.code !== 'DUPLICATE_KEY');
  return slip === undefined ? errors : [slip];
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.replace(/\.$/, '');
}

function unique(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...byText.values()];
}
