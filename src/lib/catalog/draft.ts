import type { z } from 'zod';
import type { Path } from './document.ts';
import type {
  CatalogInput,
  DependentsInput,
  GateInput,
  ImageInput,
  RegistryInput,
  TagInput,
  TaskInput,
  ValidationInput,
} from './schema.ts';

/*
 * A catalog as far as it is right by itself. What was wrong stays in its place as undefined: a member that is
 * undefined has been reported, one that is not there takes its default.
 */
export interface CatalogDraft {
  readonly buffer?: CatalogInput['buffer'] | undefined;
  readonly registries?: Readonly<Record<string, RegistryInput | undefined>> | undefined;
  readonly tools?: CatalogInput['tools'];
  readonly defaults?: Pick<ImageDraft, 'validate' | 'gate' | 'dependents'> | undefined;
  readonly images?: Readonly<Record<string, ImageDraft | undefined>> | undefined;
}

export interface ImageDraft {
  readonly upstream?: ImageInput['upstream'] | undefined;
  readonly tags?: readonly (TagInput | undefined)[] | undefined;
  readonly staging?: string | undefined;
  readonly target?: string | undefined;
  readonly validate?: readonly (ValidationInput | undefined)[] | undefined;
  readonly gate?: GateInput | undefined;
  readonly dependents?: DependentsDraft | undefined;
}

export interface DependentsDraft extends Omit<DependentsInput, 'tasks'> {
  readonly tasks?: readonly (TaskInput | undefined)[] | undefined;
}

/** The value that the schema was given, without what the schema found wrong in it. */
export function withoutWrong(value: unknown, issues: readonly z.core.$ZodIssue[]): CatalogDraft {
  const wrong = new Set<string>();
  const unknown = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') wrong.add(identity(unitOf(issue.path)));
    else for (const key of issue.keys) unknown.add(identity([...issue.path, key]));
  }
  const copy = (part: unknown, path: Path): unknown => {
    if (wrong.has(identity(path))) return undefined;
    if (Array.isArray(part)) return part.map((item, index) => copy(item, [...path, index]));
    if (typeof part !== 'object' || part === null) return part;
    const known = Object.entries(part).filter(([key]) => !unknown.has(identity([...path, key])));
    return Object.fromEntries(known.map(([key, item]) => [key, copy(item, [...path, key])]));
  };
  // The schema accepted all that is left, so it has the schema's shape, with gaps.
  return (copy(value, []) ?? {}) as CatalogDraft;
}

/** An upstream, and each element of a list, is right as a whole or not at all: it has several forms. */
function unitOf(path: readonly PropertyKey[]): readonly PropertyKey[] {
  if (path[0] === 'images' && path[2] === 'upstream') return path.slice(0, 3);
  const index = path.findIndex((step) => typeof step === 'number');
  return index < 0 ? path : path.slice(0, index + 1);
}

function identity(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** The parts of a map that could be read at all. */
export function entriesOf<T>(map: Readonly<Record<string, T | undefined>> | undefined): [string, T][] {
  const entries: [string, T][] = [];
  for (const [key, item] of Object.entries(map ?? {})) if (item !== undefined) entries.push([key, item]);
  return entries;
}
