import { type ImageName, parseImageName } from '../images/name.ts';

/** What a stage is built FROM. */
export type Base =
  | { readonly kind: 'image'; readonly text: string; readonly name: ImageName; readonly platform: string | undefined }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'scratch' };

interface Stage {
  readonly name: string | undefined;
  readonly base: Base;
  /** The lines of the FROM, first and after the last, and how it is written besides its image. */
  readonly lines: readonly [number, number];
  readonly alias: string;
}

export interface Scan {
  /** The stages that take part: up to the target, or all. */
  readonly stages: readonly Stage[];
  readonly text: string;
  /** Images that a `COPY --from=` names. */
  readonly copiedFrom: readonly string[];
}

export type Scanned = { readonly ok: true; readonly scan: Scan } | { readonly ok: false; readonly message: string };

interface Instruction {
  readonly keyword: string;
  readonly rest: string;
  readonly lines: readonly [number, number];
}

/**
 * Finds what a Dockerfile builds on, with the ARGs that stand before its first FROM, as ACR's dependency scanner does.
 * @param buildArgs by name, as given; @param platform of the build, for the TARGET… arguments
 */
export function scanDockerfile(
  text: string,
  buildArgs: ReadonlyMap<string, string>,
  platform: { readonly os: string; readonly architecture: string },
  target?: string,
): Scanned {
  const { os, architecture } = platform;
  const defined = new Map([
    ...['TARGET', 'BUILD'].flatMap((kind): [string, string][] => [
      [`${kind}PLATFORM`, `${os}/${architecture}`],
      [`${kind}OS`, os],
      [`${kind}ARCH`, architecture],
    ]),
  ]);
  const stages: Stage[] = [];
  const copiedFrom: string[] = [];
  for (const instruction of instructions(text)) {
    if (instruction.keyword === 'ARG' && stages.length === 0) defineArg(instruction.rest, defined, buildArgs);
    if (instruction.keyword === 'COPY') {
      const from = /(?:^|\s)--from=(\S+)/.exec(instruction.rest)?.[1];
      if (from && !isStage(from, stages)) copiedFrom.push(from);
    }
    if (instruction.keyword !== 'FROM') continue;
    const stage = readFrom(instruction, stages, defined);
    if (typeof stage === 'string') return { ok: false, message: stage };
    stages.push(stage);
  }
  if (stages.length === 0) return { ok: false, message: 'no build stage in current context' };
  const last = targetIndex(stages, target);
  if (last === undefined) return { ok: false, message: `failed to reach build target ${target} in Dockerfile` };
  return { ok: true, scan: { stages: stages.slice(0, last + 1), text, copiedFrom } };
}

/** The base of the stage that is built, and those of all others; a stage that is FROM a stage has its base. */
export function basesOf(scan: Scan): { readonly runtime: Base; readonly buildTime: readonly Base[] } {
  const root = (stage: Stage | undefined): Stage | undefined =>
    stage?.base.kind === 'stage' ? root(scan.stages[stage.base.index]) : stage;
  const final = root(scan.stages.at(-1));
  const others = scan.stages.filter((stage) => stage !== final && stage.base.kind === 'image');
  return { runtime: final?.base ?? { kind: 'scratch' }, buildTime: others.map((stage) => stage.base) };
}

/** The Dockerfile with each FROM naming exactly what was resolved. Line numbers stay the same. */
export function pinBases(scan: Scan, pins: ReadonlyMap<string, string>): string {
  const lines = scan.text.split('\n');
  for (const {
    base,
    lines: [start, end],
    alias,
  } of scan.stages) {
    const pin = base.kind === 'image' ? pins.get(base.text) : undefined;
    if (pin === undefined || base.kind !== 'image') continue;
    const platform = base.platform ? `--platform=${base.platform} ` : '';
    lines.splice(start, end - start, `FROM ${platform}${pin}${alias}`, ...Array(end - start - 1).fill(''));
  }
  return lines.join('\n');
}

/** Splits into instructions: continuation lines belong together, comments and here-documents are passed over. */
function* instructions(text: string): Generator<Instruction> {
  const lines = text.split('\n');
  const continuation = /^#\s*escape\s*=\s*(\S)\s*$/i.exec(lines[0] ?? '')?.[1] ?? '\\';
  let index = 0;
  while (index < lines.length) {
    const start = index;
    const { joined, next } = joinLines(lines, start, continuation);
    index = next;
    const match = /^\s*([a-z]+)\s+(.*)$/i.exec(joined);
    if (!match) continue;
    const [, keyword = '', rest = ''] = match;
    const heredoc = /^(RUN|COPY|ADD)$/i.test(keyword) ? /<<-?(["']?)(\w+)\1/.exec(rest)?.[2] : undefined;
    if (heredoc) index = lines.findIndex((line, at) => at >= next && line.trim() === heredoc) + 1 || lines.length;
    yield { keyword: keyword.toUpperCase(), rest: rest.trim(), lines: [start, next] };
  }
}

function joinLines(lines: readonly string[], start: number, continuation: string): { joined: string; next: number } {
  let joined = '';
  let next = start;
  while (next < lines.length) {
    const line = (lines[next] ?? '').trimEnd();
    next += 1;
    const comment = /^\s*#/.test(line);
    const continues = comment ? joined !== '' : line.endsWith(continuation);
    if (!comment) joined += continues ? `${line.slice(0, -1)} ` : line;
    if (!continues) break;
  }
  return { joined, next };
}

function readFrom(
  { rest, lines }: Instruction,
  stages: readonly Stage[],
  defined: Map<string, string>,
): Stage | string {
  const match = /^((?:--\S+\s+)*)(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest);
  if (!match) return `FROM requires either one or three arguments: FROM ${rest}`;
  const [, flags = '', written = '', alias] = match;
  const text = expand(written, defined);
  const platformFlag = /--platform=(\S+)/.exec(flags)?.[1];
  const platform = platformFlag === undefined ? undefined : expand(platformFlag, defined) || undefined;
  const common = { name: alias?.toLowerCase(), lines, alias: alias ? ` AS ${alias}` : '' };
  if (text === '') return `base name (${written}) should not be blank`;
  if (text === 'scratch') return { ...common, base: { kind: 'scratch' } };
  const index = stages.findIndex((stage) => stage.name === text.toLowerCase());
  if (index >= 0) return { ...common, base: { kind: 'stage', index } };
  const name = parseImageName(text);
  if (!name) return `failed to parse the image name "${text}" in FROM: invalid reference format`;
  return { ...common, base: { kind: 'image', text, name, platform } };
}

function isStage(from: string, stages: readonly Stage[]): boolean {
  return /^\d+$/.test(from) || stages.some((stage) => stage.name === from.toLowerCase());
}

function targetIndex(stages: readonly Stage[], target: string | undefined): number | undefined {
  if (!target) return stages.length - 1;
  const index = stages.findIndex((stage) => stage.name === target.toLowerCase());
  if (index >= 0) return index;
  return /^\d+$/.test(target) && Number(target) < stages.length ? Number(target) : undefined;
}

function defineArg(rest: string, defined: Map<string, string>, buildArgs: ReadonlyMap<string, string>): void {
  for (const [, name = '', , double, single, bare] of rest.matchAll(/(\w+)(=(?:"([^"]*)"|'([^']*)'|(\S*)))?/g)) {
    const given = buildArgs.get(name);
    const fallback = double ?? single ?? bare;
    if (given !== undefined) defined.set(name, given);
    else if (fallback !== undefined) defined.set(name, expand(fallback, defined));
  }
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`. */
function expand(text: string, defined: ReadonlyMap<string, string>): string {
  const unquoted = text.replace(/^(["'])(.*)\1$/, '$2');
  return unquoted.replace(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (_, bare: string | undefined, braced: string | undefined, operator: string | undefined, word = '') => {
      const value = defined.get(bare ?? braced ?? '') ?? '';
      if (operator === '-') return value || word;
      if (operator === '+') return value && word;
      return value;
    },
  );
}
