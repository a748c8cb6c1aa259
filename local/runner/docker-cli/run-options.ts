import { cpus as machineCpus } from 'node:os';
import type { Limits } from '../container/limits.ts';
import { type Flags, label, parseFlags } from './flags.ts';
import { isUnsupported, RUN_FLAGS } from './run-flags.ts';
import { type Mounts, readMounts } from './run-mounts.ts';
import { MIB, parseBytes } from './sizes.ts';

/** What `docker run` was asked for, before the image is known. */
export interface RunOptions {
  readonly image: string;
  readonly args: readonly string[];
  readonly entrypoint: string | undefined;
  /** `NAME=value`, or `NAME` for the value that the CLI's own environment has. */
  readonly env: readonly string[];
  readonly envFiles: readonly string[];
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  readonly groupAdd: readonly string[];
  readonly network: 'host' | 'none';
  readonly hostname: string | undefined;
  readonly extraHosts: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: boolean;
  readonly readOnly: boolean;
  readonly init: boolean;
  readonly limits: Limits;
  readonly ulimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  readonly shmBytes: number;
  readonly mounts: Mounts;
  readonly platform: string | undefined;
  readonly pull: 'always' | 'missing' | 'never';
}

export type ParsedRun =
  | { readonly ok: true; readonly options: RunOptions }
  /** A mistake in how the command is written; `usage` says whether the CLI then prints how to use it. */
  | { readonly ok: false; readonly message: string; readonly usage: boolean };

const MINIMUM_MEMORY = 6 * MIB;
const DEFAULT_SHM = 64 * MIB;
/**
 * Networks that give a container the machine's own: the agent's containers reach the network too, and what they would
 * want to reach here are the registries on its loopback.
 */
const CONNECTED = ['host', 'bridge', 'default', 'acb_default_network'];

/** A daemon would refuse it: the exit status is the same, the words begin with its name. */
class Refused extends Error {
  readonly usage: boolean;
  constructor(message: string, usage = false) {
    super(message);
    this.usage = usage;
  }
}

/** Reads the words after `docker run`. */
export function parseRun(words: readonly string[]): ParsedRun {
  const parsed = parseFlags(words, RUN_FLAGS, false);
  if (!parsed.ok) return { ok: false, message: parsed.message, usage: true };
  const [image, ...args] = parsed.rest;
  if (!image) return { ok: false, message: "docker: 'docker run' requires at least 1 argument", usage: true };
  try {
    return { ok: true, options: { image, args, ...readOptions(parsed.flags) } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, message: error.message, usage: error.usage };
  }
}

function readOptions(flags: Flags): Omit<RunOptions, 'image' | 'args'> {
  const unsupported = flags.names().find((name) => isUnsupported(name) && flags.value(name) !== 'false');
  if (unsupported) throw new Refused(`docker: --${unsupported} is not supported by the local runner.`);
  const mounts = readMounts(flags);
  if (!mounts.ok) throw new Refused(`docker: ${mounts.message}`);
  return {
    entrypoint: flags.value('entrypoint'),
    env: flags.list('env'),
    envFiles: flags.list('env-file'),
    workdir: readWorkdir(flags),
    user: flags.value('user'),
    groupAdd: flags.list('group-add'),
    network: readNetwork(flags),
    hostname: flags.value('hostname'),
    extraHosts: flags.list('add-host'),
    capAdd: flags.list('cap-add'),
    capDrop: flags.list('cap-drop'),
    ...readSecurity(flags),
    readOnly: flags.isOn('read-only'),
    init: flags.isOn('init'),
    limits: readLimits(flags),
    ulimits: flags.list('ulimit').map(readUlimit),
    shmBytes: readBytes(flags, 'shm-size') ?? DEFAULT_SHM,
    mounts: mounts.mounts,
    platform: flags.value('platform'),
    pull: readPull(flags),
  };
}

function readWorkdir(flags: Flags): string | undefined {
  const workdir = flags.value('workdir');
  if (!workdir || workdir.startsWith('/')) return workdir || undefined;
  throw new Refused(
    `docker: Error response from daemon: the working directory '${workdir}' is invalid, it needs to be an absolute path.`,
  );
}

function readNetwork(flags: Flags): 'host' | 'none' {
  const network = flags.value('network') ?? flags.value('net') ?? 'bridge';
  if (network === 'none') return 'none';
  if (CONNECTED.includes(network)) return 'host';
  throw new Refused(`docker: Error response from daemon: network ${network} not found.`);
}

function readSecurity(flags: Flags): { noNewPrivileges: boolean; seccomp: boolean } {
  let noNewPrivileges = false;
  for (const option of flags.list('security-opt')) {
    const [name, setting] = option.split(/[=:](.*)/s);
    if (name === 'no-new-privileges' && (setting === undefined || /^(true|false)$/.test(setting))) {
      noNewPrivileges = setting !== 'false';
    } else if (name === 'seccomp') {
      if (setting !== 'builtin') {
        throw new Refused(`docker: --security-opt ${option} is not supported by the local runner.`);
      }
    } else if (!(name === 'label' || (name === 'apparmor' && setting === 'docker-default'))) {
      throw new Refused(`docker: Error response from daemon: invalid --security-opt 2: "${option}".`);
    }
  }
  return { noNewPrivileges, seccomp: true };
}

function readLimits(flags: Flags): Limits {
  const memory = readBytes(flags, 'memory');
  if (memory !== undefined && memory > 0 && memory < MINIMUM_MEMORY) {
    throw new Refused('docker: Error response from daemon: Minimum memory limit allowed is 6MB.');
  }
  const memorySwap = flags.value('memory-swap') === '-1' ? -1 : readBytes(flags, 'memory-swap');
  if (memorySwap !== undefined && memorySwap > 0 && memorySwap < (memory ?? 0)) {
    throw new Refused(
      'docker: Error response from daemon: Minimum memoryswap limit should be larger than memory limit, see usage.',
    );
  }
  const pids = readInteger(flags, 'pids-limit');
  return {
    pids: pids !== undefined && pids > 0 ? pids : undefined,
    memory: memory || undefined,
    memorySwap: memorySwap || undefined,
    memoryReservation: readBytes(flags, 'memory-reservation') || undefined,
    nanoCpus: readCpus(flags),
    cpuShares: readInteger(flags, 'cpu-shares') || undefined,
    cpuset: flags.value('cpuset-cpus') || undefined,
  };
}

function readCpus(flags: Flags): number | undefined {
  const text = flags.value('cpus');
  if (text === undefined) return undefined;
  const cpus = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(cpus)) {
    throw new Refused(
      `invalid argument "${text}" for "--cpus" flag: failed to parse ${text} as a rational number`,
      true,
    );
  }
  if (cpus === 0) return undefined;
  const available = machineCpus().length;
  if (cpus < 0.01 || cpus > available) {
    throw new Refused(
      `docker: Error response from daemon: range of CPUs is from 0.01 to ${available}.00, as there are only ${available} CPUs available.`,
    );
  }
  return cpus * 1e9;
}

function readBytes(flags: Flags, name: string): number | undefined {
  const text = flags.value(name);
  if (text === undefined) return undefined;
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new Refused(
    `invalid argument "${text}" for "${label(name, RUN_FLAGS[name])}" flag: invalid size: '${text}'`,
    true,
  );
}

function readInteger(flags: Flags, name: string): number | undefined {
  const text = flags.value(name);
  if (text === undefined) return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new Refused(
    `invalid argument "${text}" for "${label(name, RUN_FLAGS[name])}" flag: strconv.ParseInt: parsing "${text}": invalid syntax`,
    true,
  );
}

function readUlimit(text: string): { type: string; soft: number; hard: number } {
  const match =
    /^(core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending|stack)=(\d+)(?::(\d+))?$/.exec(
      text,
    );
  if (!match)
    throw new Refused(`invalid argument "${text}" for "--ulimit" flag: invalid ulimit argument: ${text}`, true);
  const [, name = '', soft = '', hard = soft] = match;
  return { type: `RLIMIT_${name.toUpperCase()}`, soft: Number(soft), hard: Number(hard) };
}

function readPull(flags: Flags): RunOptions['pull'] {
  const pull = flags.value('pull') ?? 'missing';
  if (pull === 'always' || pull === 'missing' || pull === 'never') return pull;
  throw new Refused(`docker: invalid pull option: '${pull}': must be one of "always", "missing" or "never"`);
}
