import { parseDocument } from 'yaml';
import * as z from 'zod';
import { TaskFileProblem } from './problem.ts';
import type { Traced } from './traced.ts';

/** The aliases every Linux task has. The first group is written `$Name`; the second also stands for an image in `cmd`. */
const GLOBAL: Readonly<Record<string, string>> = {
  ID: '{{.Run.ID}}',
  SharedVolume: '{{.Run.SharedVolume}}',
  Registry: '{{.Run.Registry}}',
  RegistryName: '{{.Run.RegistryName}}',
  Date: '{{.Run.Date}}',
  OS: '{{.Run.OS}}',
  Architecture: '{{.Run.Architecture}}',
  Commit: '{{.Run.Commit}}',
  Branch: '{{.Run.Branch}}',
  acr: 'mcr.microsoft.com/acr/acr-cli:0.19',
  az: 'mcr.microsoft.com/acr/azure-cli:fe316c9',
  bash: 'mcr.microsoft.com/acr/bash:fe316c9',
  curl: 'mcr.microsoft.com/acr/curl:fe316c9',
  cssc: 'mcr.microsoft.com/acr/cssc:fe316c9',
};

const Section = z.strictObject({
  alias: z
    .strictObject({
      values: z.record(z.string(), z.coerce.string()).optional(),
      src: z.array(z.string()).optional(),
      directive: z.string().optional(),
    })
    .nullish(),
});

export interface Aliases {
  readonly directive: string;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Takes the `alias:` section and whole-line comments out of a task file, and replaces every `$Name` in the rest, as the
 * agent does before anything else (https://aka.ms/acr/tasks/task-aliases). A name that is no alias is left as it stands.
 */
export function applyAliases(source: Traced): { readonly text: Traced; readonly aliases: Aliases } {
  const { section, rest } = separate(source);
  const aliases = readSection(section.text, section.start);
  return { text: replaceAll(rest, aliases), aliases };
}

/** Without alias support (version 1.0), the text only loses its comments. */
export function withoutAliases(source: Traced): { readonly text: Traced; readonly aliases: Aliases } {
  return { text: separate(source).rest, aliases: { directive: '$', values: new Map() } };
}

function separate(source: Traced): { section: { text: string; start: number }; rest: Traced } {
  let section = '';
  let start = 0;
  const rest = source.edit((out) => {
    let inside = false;
    let offset = 0;
    for (const line of source.text.split(/(?<=\n)/)) {
      if (/^alias\s*:/.test(line) && !inside) {
        inside = true;
        start = offset;
      } else if (inside && /^[^\s:#]+[^:]*:/.test(line)) inside = false;
      if (inside) section += line;
      // A comment line, and a line of the section, becomes an empty one: line numbers stay what they are.
      if (inside || line.startsWith('#')) out.keep(offset + line.trimEnd().length, offset + line.length);
      else out.keep(offset, offset + line.length);
      offset += line.length;
    }
  });
  return { section: { text: section, start }, rest };
}

function readSection(text: string, start: number): Aliases {
  const values = new Map(Object.entries(GLOBAL));
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax) throw new TaskFileProblem(`alias: ${syntax.message.split('\n')[0]}`, start + syntax.pos[0]);
  const parsed = Section.safeParse(document.toJS() ?? {});
  if (!parsed.success) throw new TaskFileProblem(`alias: ${z.prettifyError(parsed.error)}`, start);
  const { values: own = {}, src, directive = '$' } = parsed.data.alias ?? {};
  if (src) throw new TaskFileProblem('alias: "src" is not supported by the local runner; use "values"', start);
  if ([...directive].length !== 1) {
    throw new TaskFileProblem('$ directive can only be overwritten by a single character', start);
  }
  if (/[a-zA-Z0-9]/.test(directive)) {
    throw new TaskFileProblem('overwritten directives may not be alphanumeric characters', start);
  }
  for (const [name, value] of Object.entries(own)) {
    if (!/^[a-zA-Z0-9]+$/.test(name)) {
      throw new TaskFileProblem(`alias key names only support alphanumeric characters: ${name}`, start);
    }
    values.set(name, value);
  }
  return { directive, values };
}

function replaceAll(source: Traced, aliases: Aliases): Traced {
  const { text } = source;
  const escaped = aliases.directive.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const use = new RegExp(`${escaped}(?:(${escaped})|([a-zA-Z0-9]+))`, 'g');
  return source.edit((out) => {
    let done = 0;
    for (const match of text.matchAll(use)) {
      const replacement = match[1] ?? aliases.values.get(match[2] ?? '');
      if (replacement === undefined) continue;
      out.keep(done, match.index);
      out.paste(replacement, match.index);
      done = match.index + match[0].length;
    }
    out.keep(done, text.length);
  });
}
