/** A flag of the docker CLI. `bool` takes no word of its own; a `list` may be given many times. */
export interface FlagSpec {
  readonly short?: string;
  readonly type: 'bool' | 'value' | 'list';
}

export type FlagTable = Readonly<Record<string, FlagSpec>>;

export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  isOn(name: string): boolean {
    return this.value(name) === 'true';
  }

  /** The last value given: a later flag overrides. */
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }
}

export type ParsedFlags =
  | { readonly ok: true; readonly flags: Flags; readonly rest: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** The name and, where it is in the same word, the value of the next flag. */
interface Found {
  readonly name: string;
  readonly attached: string | undefined;
}

/**
 * Reads flags by the rules of the docker CLI (spf13/pflag): `--name value`, `--name=value`, `-n value`, `-nvalue`,
 * `-abc` for switches, `--` ends them. With `interspersed`, flags may also follow the first argument.
 */
export function parseFlags(words: readonly string[], table: FlagTable, interspersed: boolean): ParsedFlags {
  const values = new Map<string, string[]>();
  const rest: string[] = [];
  const queue = [...words];
  while (queue.length > 0) {
    const word = queue.shift() ?? '';
    if (word === '--') return done(values, [...rest, ...queue]);
    if (!word.startsWith('-') || word === '-') {
      rest.push(word);
      if (!interspersed) return done(values, [...rest, ...queue]);
      continue;
    }
    const found = word.startsWith('--') ? [longFlag(word)] : shortFlags(word, table);
    for (const flag of found) {
      const problem = store(flag, word, table, queue, values);
      if (problem) return { ok: false, message: problem };
    }
  }
  return done(values, rest);
}

function done(values: Map<string, string[]>, rest: string[]): ParsedFlags {
  return { ok: true, flags: new Flags(values), rest };
}

function longFlag(word: string): Found {
  const equals = word.indexOf('=');
  return equals < 0
    ? { name: word.slice(2), attached: undefined }
    : { name: word.slice(2, equals), attached: word.slice(equals + 1) };
}

/** An unknown letter is kept as `-x`, which no table has. */
function shortFlags(word: string, table: FlagTable): Found[] {
  const found: Found[] = [];
  let letters = word.slice(1);
  while (letters !== '') {
    const letter = letters.slice(0, 1);
    letters = letters.slice(1);
    const entry = Object.entries(table).find(([, spec]) => spec.short === letter);
    const name = entry?.[0] ?? `-${letter}`;
    if (entry?.[1].type === 'bool' && !letters.startsWith('=')) found.push({ name, attached: undefined });
    else {
      const attached = letters.startsWith('=') ? letters.slice(1) : letters || undefined;
      found.push({ name, attached });
      letters = '';
    }
  }
  return found;
}

function store(
  { name, attached }: Found,
  word: string,
  table: FlagTable,
  queue: string[],
  values: Map<string, string[]>,
): string | undefined {
  const spec = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!spec) {
    return name.startsWith('-') ? `unknown shorthand flag: '${name.slice(1)}' in ${word}` : `unknown flag: --${name}`;
  }
  if (spec.type === 'bool') {
    const value = attached ?? 'true';
    if (!/^(1|0|t|f|true|false)$/i.test(value)) {
      return `invalid argument "${value}" for "${label(name, spec)}" flag: strconv.ParseBool: parsing "${value}": invalid syntax`;
    }
    values.set(name, [/^(1|t|true)$/i.test(value) ? 'true' : 'false']);
    return undefined;
  }
  const value = attached ?? queue.shift();
  if (value === undefined) {
    return word.startsWith('--')
      ? `flag needs an argument: --${name}`
      : `flag needs an argument: '${word.at(-1)}' in ${word}`;
  }
  values.set(name, [...(values.get(name) ?? []), value]);
  return undefined;
}

/** How the CLI names a flag in its messages: `-m, --memory`. */
export function label(name: string, spec: FlagSpec | undefined): string {
  return spec?.short ? `-${spec.short}, --${name}` : `--${name}`;
}
