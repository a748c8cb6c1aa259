import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { type Aliases, applyAliases, withoutAliases } from './alias.ts';
import { type Plan, planTask } from './plan.ts';
import { TaskFileProblem } from './problem.ts';
import { TaskFile } from './schema.ts';
import { renderTemplate, type TemplateData } from './template.ts';
import { position, Traced } from './traced.ts';

export type LoadedTask =
  | { readonly ok: true; readonly plan: Plan; readonly aliasSupport: boolean }
  | { readonly ok: false; readonly message: string };

/**
 * Reads an acr-task.yaml: aliases, templates, YAML, schema, and the order of its steps. Everything that is wrong with it
 * is a message with the line and column in the text as it was given, never an exception.
 */
export function loadTaskFile(content: string, data: TemplateData): LoadedTask {
  const source = Traced.original(content);
  let current = source;
  try {
    const aliasSupport = !/^version\s*:\s*["']?(v1\.0\.0|1\.0-preview-1)["']?\s*(#.*)?$/im.test(content);
    const step1 = aliasSupport && declaresVersion(content) ? applyAliases(source) : withoutAliases(source);
    current = step1.text;
    const rendered = renderTemplate(step1.text, data);
    current = rendered;
    const { file, at } = readYaml(rendered.text);
    const plan = planTask(withImageAliases(file, step1.aliases), at);
    return { ok: true, plan, aliasSupport: aliasSupport && declaresVersion(content) };
  } catch (error) {
    if (!(error instanceof TaskFileProblem)) throw error;
    // `current` is the text the failing pass was reading; where it came from is what the author sees.
    const place = error.offset === undefined ? '' : `${position(content, current.origin(error.offset))}: `;
    return { ok: false, message: `failed to deserialize task and validate: ${place}${error.message}` };
  }
}

/** Without a version a task is v1.0.0, which knows no aliases. */
function declaresVersion(content: string): boolean {
  return /^version\s*:/m.test(content);
}

/** Where in the text the value at a path stands. */
export type Locate = (path: readonly (string | number)[]) => number | undefined;

function readYaml(text: string): { file: TaskFile; at: Locate } {
  const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax) throw new TaskFileProblem(syntax.message, syntax.pos[0]);
  const at: Locate = (path) => locate(document, path);
  if (!isMap(document.contents)) throw new TaskFileProblem('a task file is a map with "version" and "steps"', 0);
  const parsed = TaskFile.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return { file: parsed.data, at };
  const [issue] = parsed.error.issues;
  throw issue ? problemOf(issue, document) : new TaskFileProblem('the task file is not valid', 0);
}

function problemOf(issue: z.core.$ZodIssue, document: Document): TaskFileProblem {
  const path = issue.path as (string | number)[];
  const where = path.length > 0 ? ` in ${describe(path)}` : '';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    return new TaskFileProblem(`unknown key "${key}"${where}`, locateKey(document, path, key));
  }
  return new TaskFileProblem(`${issue.message}${where}`, locate(document, path));
}

function describe(path: readonly (string | number)[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index ? `.${part}` : part)).join('');
}

function locate(document: Document, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    const key = isMap(parent) ? parent.items.find((pair) => String(pair.key) === String(name))?.key : undefined;
    const node = key ?? document.getIn(path.slice(0, length), true);
    if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range)) return node.range[0];
  }
  return 0;
}

function locateKey(document: Document, path: readonly (string | number)[], key: string): number | undefined {
  return locate(document, [...path, key]);
}

/** In `cmd`, the first word may be an image's alias without `$`: `cmd: bash echo hi`. */
function withImageAliases(file: TaskFile, aliases: Aliases): TaskFile {
  const steps = file.steps.map((step) => {
    if (step.cmd === undefined) return step;
    const [first = '', ...rest] = step.cmd.trim().split(' ');
    const image = aliases.values.get(first);
    return image === undefined ? step : { ...step, cmd: [image, ...rest].join(' ') };
  });
  return { ...file, steps };
}
