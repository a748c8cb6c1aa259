/**
 * ASP.NET route templates, as far as HTTP functions use them:
 *   template  = segment *("/" segment)
 *   segment   = *(literal / parameter)
 *   parameter = "{" ["*" / "**"] name *(":" constraint) ["=" default] ["?"] "}"    ; a brace inside is doubled
 * Literals match without regard to case; a value is percent-decoded.
 */
export interface Route {
  readonly template: string;
  match(path: string): Readonly<Record<string, string>> | undefined;
}

interface Parameter {
  readonly name: string;
  readonly catchAll: boolean;
  readonly optional: boolean;
  readonly fallback: string | undefined;
  readonly tests: readonly ((value: string) => boolean)[];
}

const length = (low: number, high: number) => (value: string) => value.length >= low && value.length <= high;
const within = (low: number, high: number) => (value: string) =>
  /^-?\d+$/.test(value) && +value >= low && +value <= high;
const pattern = (expression: RegExp) => (value: string) => expression.test(value);

/** https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints */
const constraints: Readonly<Record<string, (...args: string[]) => (value: string) => boolean>> = {
  int: () => within(-(2 ** 31), 2 ** 31 - 1),
  long: () => pattern(/^-?\d{1,19}$/),
  bool: () => pattern(/^(true|false)$/i),
  decimal: () => pattern(/^-?\d+(\.\d+)?$/),
  double: () => pattern(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/),
  float: () => pattern(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/),
  guid: () => pattern(/^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i),
  datetime: () => (value) => !Number.isNaN(Date.parse(value)),
  alpha: () => pattern(/^[a-z]*$/i),
  required: () => (value) => value !== '',
  minlength: (low = '0') => length(+low, Number.POSITIVE_INFINITY),
  maxlength: (high = '0') => length(0, +high),
  length: (low = '0', high = low) => length(+low, +high),
  min: (low = '0') => within(+low, Number.POSITIVE_INFINITY),
  max: (high = '0') => within(Number.NEGATIVE_INFINITY, +high),
  range: (low = '0', high = '0') => within(+low, +high),
  regex: (...parts) => pattern(new RegExp(parts.join(','), 'i')),
};

function parseConstraint(text: string): ((value: string) => boolean) | undefined {
  const match = /^([a-z]+)(?:\((.*)\))?$/i.exec(text);
  const create = match?.[1] && constraints[match[1].toLowerCase()];
  if (!create) return undefined;
  const args = match?.[2];
  return create(...(args === undefined ? [] : args.split(',').map((part) => part.trim())));
}

/** Colons inside the parentheses of a regex constraint do not separate. */
const splitColons = (text: string): string[] => text.match(/(?:[^:(]|\((?:[^()]|\([^()]*\))*\))+/g) ?? [];

function parseParameter(inner: string): Parameter | { readonly error: string } {
  const catchAll = inner.startsWith('*');
  const [head = '', ...rest] = splitColons(inner.replace(/^\*{1,2}/, ''));
  const last = rest.length > 0 ? rest[rest.length - 1] : head;
  const [, fallback] = /=([^()]*)$/.exec(last ?? '') ?? [];
  const optional = inner.endsWith('?');
  const bare = (text: string) => text.replace(/=[^()]*$/, '').replace(/\?$/, '');
  const name = bare(head);
  if (!/^[^{}/?*:=]+$/.test(name)) return { error: `'${inner}' is not a route parameter name.` };
  const tests: ((value: string) => boolean)[] = [];
  for (const constraint of rest.map(bare)) {
    const test = parseConstraint(constraint);
    if (!test) return { error: `The route constraint '${constraint}' could not be resolved.` };
    tests.push(test);
  }
  return { name, catchAll, optional, fallback, tests };
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Compiles a template to one expression with a group a parameter; a lone optional segment takes its slash along. */
export function parseRoute(template: string): Route | { readonly error: string } {
  const parameters: Parameter[] = [];
  let expression = '^';
  for (const segment of template.split(/\/(?![^{]*\})/).filter((part) => part !== '')) {
    const pieces = segment.split(/(\{(?:[^{}]|\{\{|\}\})*\})/).filter((piece) => piece !== '');
    let compiled = '';
    let mayBeAbsent = false;
    for (const piece of pieces) {
      if (!piece.startsWith('{')) {
        compiled += quote(piece);
        continue;
      }
      const parameter = parseParameter(piece.slice(1, -1).replaceAll('{{', '{').replaceAll('}}', '}'));
      if ('error' in parameter) return { error: `The route template '${template}' is invalid: ${parameter.error}` };
      parameters.push(parameter);
      mayBeAbsent =
        pieces.length === 1 && (parameter.optional || parameter.catchAll || parameter.fallback !== undefined);
      compiled += parameter.catchAll ? '(.*)' : '([^/]+?)';
    }
    expression += mayBeAbsent ? `(?:/${compiled})?` : `/${compiled}`;
  }
  const compiled = new RegExp(`${expression}/?$`, 'i');
  return { template, match: (path) => readParameters(parameters, compiled.exec(path)) };
}

function readParameters(parameters: readonly Parameter[], match: RegExpExecArray | null) {
  if (!match) return undefined;
  const values: Record<string, string> = {};
  for (const [index, { name, fallback, tests }] of parameters.entries()) {
    const raw = match[index + 1];
    const value = raw === undefined ? fallback : decode(raw);
    if (value === undefined) continue;
    if (!tests.every((test) => test(value))) return undefined;
    values[name] = value;
  }
  return values;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
