import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { HostError } from './host-error.ts';

const fileSchema = z.object({
  IsEncrypted: z.boolean().optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
});

/** App settings. Names are case-insensitive and `a:b` is `a__b`, as in .NET configuration. */
export interface Settings {
  get(name: string): string | undefined;
  /** Every name (as written) that begins with `prefix`, without it. */
  withPrefix(prefix: string): ReadonlyMap<string, string>;
  /** Replaces each `%NAME%` by its setting. `missing` is the first name that has none. */
  expand(text: string): { readonly value: string } | { readonly missing: string };
}

const canonical = (name: string): string => name.replaceAll(':', '__').toLowerCase();

export function createSettings(values: Readonly<Record<string, string | undefined>>): Settings {
  const byName = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) byName.set(canonical(name), value);
  return {
    get: (name) => byName.get(canonical(name)),
    withPrefix: (prefix) => {
      const start = canonical(prefix);
      return new Map(
        [...byName].filter(([name]) => name.startsWith(start)).map(([k, v]) => [k.slice(start.length), v]),
      );
    },
    expand: (text) => {
      let missing: string | undefined;
      const value = text.replace(/%([^%]+)%/g, (whole, name: string) => {
        const found = byName.get(canonical(name));
        if (found === undefined) missing ??= name;
        return found ?? whole;
      });
      return missing === undefined ? { value } : { missing };
    },
  };
}

/** The `Values` of a local.settings.json; none where the file does not exist. */
export async function readLocalSettings(path: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return {};
  const parsed = fileSchema.safeParse(parseJson(text, path));
  if (!parsed.success) throw new HostError(`${path} is not a settings file: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.IsEncrypted === true) {
    throw new HostError(`${path} is encrypted. Decrypt it with 'func settings decrypt' and set IsEncrypted to false.`);
  }
  return parsed.data.Values ?? {};
}

export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new HostError(`Unable to parse ${path}: ${(error as Error).message}`, { cause: error });
  }
}
