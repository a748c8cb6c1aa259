import { type Flags, type FlagTable, parseFlags } from '../docker-cli/flags.ts';

const PASSED_ON: FlagTable = {
  'add-host': { type: 'list' },
  'cpu-period': { type: 'value' },
  'cpu-quota': { type: 'value' },
  'cpu-shares': { type: 'value', short: 'c' },
  'cpuset-cpus': { type: 'value' },
  'cpuset-mems': { type: 'value' },
  label: { type: 'list' },
  memory: { type: 'value', short: 'm' },
  'memory-swap': { type: 'value' },
  platform: { type: 'value' },
  'shm-size': { type: 'value' },
  target: { type: 'value' },
  ulimit: { type: 'list' },
};

const OWN: FlagTable = {
  'build-arg': { type: 'list' },
  file: { type: 'value', short: 'f' },
  'no-cache': { type: 'bool' },
  tag: { type: 'list', short: 't' },
  squash: { type: 'bool' },
};

/** Bases are always resolved anew, layers always cached, intermediate containers always removed. */
const WITHOUT_EFFECT: FlagTable = {
  'cache-from': { type: 'list' },
  compress: { type: 'bool' },
  'disable-content-trust': { type: 'bool' },
  'force-rm': { type: 'bool' },
  load: { type: 'bool' },
  progress: { type: 'value' },
  pull: { type: 'bool' },
  quiet: { type: 'bool', short: 'q' },
  rm: { type: 'bool' },
};

const UNSUPPORTED: FlagTable = {
  'build-context': { type: 'list' },
  'cache-to': { type: 'list' },
  'cgroup-parent': { type: 'value' },
  iidfile: { type: 'value' },
  isolation: { type: 'value' },
  network: { type: 'value' },
  output: { type: 'list', short: 'o' },
  push: { type: 'bool' },
  secret: { type: 'list' },
  'security-opt': { type: 'list' },
  ssh: { type: 'list' },
};

export interface BuildOptions {
  readonly context: string;
  readonly file: string | undefined;
  readonly tags: readonly string[];
  readonly buildArgs: readonly string[];
  readonly noCache: boolean;
  readonly target: string | undefined;
  readonly platform: string | undefined;
  /** Flags that buildah knows by the same name. */
  readonly passedOn: readonly string[];
}

export type ParsedBuild =
  | { readonly ok: true; readonly options: BuildOptions }
  | { readonly ok: false; readonly message: string; readonly code: number };

const USAGE = "\n\nUsage:  docker build [OPTIONS] PATH | URL | -\n\nRun 'docker build --help' for more information";

/** Reads the words after `docker build`. */
export function parseBuild(words: readonly string[]): ParsedBuild {
  const parsed = parseFlags(words, { ...PASSED_ON, ...OWN, ...WITHOUT_EFFECT, ...UNSUPPORTED }, true);
  if (!parsed.ok) return { ok: false, message: `${parsed.message}${USAGE}`, code: 125 };
  const { flags, rest } = parsed;
  const refused = flags.names().find((name) => Object.hasOwn(UNSUPPORTED, name) && !isDefault(flags, name));
  if (refused)
    return { ok: false, message: `docker build: --${refused} is not supported by the local runner.`, code: 125 };
  const [context, ...more] = rest;
  if (context === undefined || more.length > 0) {
    return { ok: false, message: `docker: 'docker build' requires 1 argument${USAGE}`, code: 1 };
  }
  return {
    ok: true,
    options: {
      context,
      file: flags.value('file'),
      tags: flags.list('tag'),
      buildArgs: flags.list('build-arg'),
      noCache: flags.isOn('no-cache'),
      target: flags.value('target'),
      platform: flags.value('platform'),
      passedOn: [
        ...Object.keys(PASSED_ON).flatMap((name) => flags.list(name).flatMap((value) => [`--${name}`, value])),
        ...(flags.isOn('squash') ? ['--squash'] : []),
      ],
    },
  };
}

function isDefault(flags: Flags, name: string): boolean {
  return ['false', 'default', 'host'].includes(flags.value(name) ?? '');
}
