import type { Path, SourceDocument } from './document.ts';
import { didYouMean } from './words.ts';

export type Settings = Readonly<Record<string, string | undefined>>;

/*
 *   ${NAME}          the app setting NAME; without it the catalog is wrong
 *   ${NAME:-text}    the same, or `text` where the setting is absent or empty
 *   $${NAME}         the text ${NAME} itself, for a shell inside a container
 */
const placeholder = /\$(\$\{[^}]*\})|\$\{([^}]*)\}/g;
const inside = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

export interface SettingUse {
  readonly name: string;
  readonly fallback?: string;
}

/**
 * The document's values with every `${NAME}` replaced; unknown names are reported. A value that is nothing but a
 * placeholder and comes out empty is left out, as if its key were not there.
 */
export function applySettings(document: SourceDocument, settings: Settings): unknown {
  return walk(document.value, [], (text, path) => {
    const replaced = replace(text, ({ name, fallback }) => {
      const value = settings[name];
      if (value !== undefined && value !== '') return value;
      if (fallback !== undefined) return fallback;
      document.report(path, {
        message: `The app setting ${name} is ${value === '' ? 'empty' : 'not set'}.`,
        expected: `the name of an app setting that has a value, or a default: \${NAME:-default}`,
        hint: didYouMean(name, Object.keys(settings)),
      });
      return undefined;
    });
    if (replaced.malformed !== undefined) {
      document.report(path, {
        message: `${replaced.malformed} names no app setting.`,
        expected: `\${NAME} with letters, digits and _; $\${…} stands for the text itself`,
      });
    }
    // What could not be replaced stays as it is: one report is enough, the schema needs no second look.
    return replaced.failed ? unresolved : replaced.text;
  });
}

/** Stands for a value that could not be had. No schema takes it, and it is not reported twice. */
export const unresolved = Symbol('unresolved');

/** Every setting that a catalog's plain values take, in order of appearance. */
export function settingsIn(value: unknown): SettingUse[] {
  const uses = new Map<string, SettingUse>();
  const add = (use: SettingUse) => {
    if (!uses.has(use.name)) uses.set(use.name, use);
    return '';
  };
  walk(value, [], (text, path) => {
    replace(text, add);
    if (path.at(-1) === 'credentials') for (const name of credentialSettings(text)) add({ name });
    return text;
  });
  return [...uses.values()];
}

/** The settings behind `credentials: GHCR`. */
export function credentialSettings(prefix: string): [username: string, password: string] {
  return [`${prefix}_USERNAME`, `${prefix}_PASSWORD`];
}

interface Replaced {
  readonly text: string | undefined;
  readonly failed: boolean;
  readonly malformed: string | undefined;
}

function replace(text: string, lookUp: (use: SettingUse) => string | undefined): Replaced {
  let failed = false;
  let malformed: string | undefined;
  let whole = false;
  const result = text.replace(placeholder, (all: string, escaped?: string, body?: string) => {
    if (escaped !== undefined) return escaped;
    const found = inside.exec(body ?? '');
    const name = found?.[1];
    if (name === undefined) {
      malformed = all;
      failed = true;
      return all;
    }
    whole ||= all === text;
    const value = lookUp(found?.[2] === undefined ? { name } : { name, fallback: found[2] });
    failed ||= value === undefined;
    return value ?? all;
  });
  return { text: whole && result === '' ? undefined : result, failed, malformed };
}

function walk(value: unknown, path: Path, leaf: (text: string, path: Path) => unknown): unknown {
  if (typeof value === 'string') return leaf(value, path);
  if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index], leaf));
  if (value === null || typeof value !== 'object') return value;
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    const walked = walk(item, [...path, key], leaf);
    if (walked !== undefined) entries.push([key, walked]);
  }
  return Object.fromEntries(entries);
}
