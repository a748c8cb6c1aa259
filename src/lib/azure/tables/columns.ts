/** How values become columns that people can read, and back: checked both ways. */
import * as z from 'zod';
import type { Digest } from '../../image/digest.ts';
import { isDigest } from '../../image/digest.ts';
import type { Tag } from '../../image/names.ts';
import { isTag } from '../../image/names.ts';
import type { Instant } from '../../pipeline/model.ts';

export const text = z.string();
export const flag = z.boolean();
/** Columns hold 32 bits. */
export const count = z.int32();
export const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'expected a digest');
export const tag = z.custom<Tag>((value) => typeof value === 'string' && isTag(value), 'expected a tag');

/** Edm.DateTime, which portals show as ISO time; to the millisecond. */
export const time = z.codec(z.date(), z.number(), {
  decode: (date): Instant => date.getTime(),
  encode: (instant) => new Date(instant),
});

/** A column holds 32,768 characters at most. */
const longest = 30_000;

/** Other people's text: cut to the end that fits, and without the characters that the service refuses. */
export const foreignText = z.codec(z.string(), z.string(), {
  decode: (column) => column,
  encode: (said) =>
    said
      .slice(-longest)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '')
      .replaceAll(/\p{Surrogate}|[\ufffe\uffff]/gu, '\ufffd'),
});

/** A schema for every field of T, none forgotten. */
export type Fields<T> = { readonly [K in keyof Required<T>]: z.ZodType<T[K]> };

export type Columns = Record<string, unknown>;

export interface Layout<T> {
  /** Throws a ZodError where the columns are not such a value. Columns it does not know are ignored. */
  read(columns: Columns): T;
  write(value: T): Columns;
}

interface Column {
  readonly path: readonly string[];
  readonly name: string;
}

/**
 * A value's fields as columns of the same names. A field that is an object itself becomes columns with its name before
 * theirs (`hold.until`: `holdUntil`), but for `tracked`, whose `image` and `tag` stand alone. Absent fields have none.
 */
export function layoutOf<T>(schema: z.ZodObject & z.ZodType<T>): Layout<T> {
  const columns = columnsOf(schema, [], '');
  return {
    read: (row) => z.decode(schema, nest(columns, row) as z.input<typeof schema>),
    write: (value) => flatten(columns, z.encode(schema, defined(value) as z.output<typeof schema>)),
  };
}

function columnsOf(schema: z.ZodObject, path: readonly string[], prefix: string): Column[] {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const name = prefix === '' ? key : prefix + key.charAt(0).toUpperCase() + key.slice(1);
    const inner = field instanceof z.ZodOptional || field instanceof z.ZodExactOptional ? field.unwrap() : field;
    if (!(inner instanceof z.ZodObject)) return [{ path: [...path, key], name }];
    return columnsOf(inner, [...path, key], key === 'tracked' ? prefix : name);
  });
}

function nest(columns: readonly Column[], row: Columns): Columns {
  const value: Columns = {};
  for (const { path, name } of columns) {
    const column = row[name];
    if (column === undefined || column === null) continue;
    let at = value;
    for (const key of path.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Columns;
    }
    at[path.at(-1) ?? name] = column;
  }
  return value;
}

function flatten(columns: readonly Column[], value: unknown): Columns {
  const row: Columns = {};
  for (const { path, name } of columns) {
    const column = path.reduce<unknown>((at, key) => (at as Columns | undefined)?.[key], value);
    if (column !== undefined) row[name] = column;
  }
  return row;
}

/** Fields that are there but undefined are absent. */
function defined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === undefined ? [] : [[key, defined(field)]])),
  );
}
