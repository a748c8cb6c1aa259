import { posix } from 'node:path';
import type { Flags } from './flags.ts';
import { parseBytes } from './sizes.ts';

export interface VolumeMount {
  /** A volume's name; without one it is a new and empty volume. */
  readonly volume: string | undefined;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Mounts {
  readonly volumes: readonly VolumeMount[];
  readonly tmpfs: readonly { readonly target: string; readonly options: readonly string[] }[];
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const MODES = /^(rw|ro|z|Z|nocopy|cached|delegated|consistent)$/;
const TMPFS_OPTIONS =
  /^(rw|ro|exec|noexec|suid|nosuid|dev|nodev|size=[\w%]+|mode=[0-7]+|uid=\d+|gid=\d+|nr_inodes=\d+)$/;

/** `--volume`, `--mount` and `--tmpfs` of `docker run`. A path of the agent's own disk is refused. */
export function readMounts(flags: Flags): { ok: true; mounts: Mounts } | { ok: false; message: string } {
  const volumes: VolumeMount[] = [];
  const tmpfs: { target: string; options: readonly string[] }[] = [];
  const reads: (() => string | undefined)[] = [
    ...flags.list('volume').map((text) => () => keep(readVolume(text), volumes)),
    ...flags.list('tmpfs').map((text) => () => keep(readTmpfs(text), tmpfs)),
    ...flags.list('mount').map((text) => () => readMount(text, volumes, tmpfs)),
  ];
  for (const read of reads) {
    const message = read();
    if (message !== undefined) return { ok: false, message };
  }
  return { ok: true, mounts: { volumes, tmpfs } };
}

function keep<T>(read: Read<T>, list: T[]): string | undefined {
  if (!read.ok) return read.message;
  list.push(read.value);
  return undefined;
}

function readVolume(text: string): Read<VolumeMount> {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part) => part === '')) {
    return { ok: false, message: `invalid volume specification: '${text}'.` };
  }
  const [first = '', second, modes = ''] = parts;
  if (second === undefined) return mountOf(undefined, first, false, text);
  const unknown = modes.split(',').find((mode) => mode !== '' && !MODES.test(mode));
  if (unknown !== undefined)
    return { ok: false, message: `invalid volume specification: '${text}': invalid mode: ${unknown}.` };
  return mountOf(first, second, modes.split(',').includes('ro'), text);
}

function mountOf(volume: string | undefined, target: string, readOnly: boolean, text: string): Read<VolumeMount> {
  if (volume !== undefined && /^[/.~]/.test(volume)) {
    return {
      ok: false,
      message: `the host path ${volume} in '${text}' is not mounted by the local runner: a container sees its image and $SharedVolume only.`,
    };
  }
  if (volume !== undefined && !VOLUME_NAME.test(volume)) {
    return {
      ok: false,
      message: `Error response from daemon: create ${volume}: "${volume}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed.`,
    };
  }
  if (!target.startsWith('/')) {
    return {
      ok: false,
      message: `Error response from daemon: invalid volume specification: '${text}': invalid mount config for type "volume": invalid mount path: '${target}' mount path must be absolute.`,
    };
  }
  const path = posix.normalize(target);
  if (path === '/') {
    return {
      ok: false,
      message: `Error response from daemon: invalid volume specification: '${text}': destination can't be '/'.`,
    };
  }
  return { ok: true, value: { volume, target: path, readOnly } };
}

function readTmpfs(text: string): Read<{ target: string; options: string[] }> {
  const [target = '', settings = ''] = text.split(/:(.*)/s);
  const options = settings.split(',').filter((option) => option !== '');
  if (!target.startsWith('/') || posix.normalize(target) === '/') {
    return {
      ok: false,
      message: `Error response from daemon: invalid mount path: '${target}' mount path must be absolute.`,
    };
  }
  const unknown = options.find((option) => !TMPFS_OPTIONS.test(option));
  if (unknown) return { ok: false, message: `Error response from daemon: invalid tmpfs option ["${unknown}"].` };
  return { ok: true, value: { target: posix.normalize(target), options } };
}

function readMount(text: string, volumes: VolumeMount[], tmpfs: { target: string; options: readonly string[] }[]) {
  const fields = new Map(text.split(',').map((field) => field.split(/=(.*)/s) as [string, string | undefined]));
  const field = (...names: string[]) => names.map((name) => fields.get(name)).find((value) => value !== undefined);
  const target = field('target', 'dst', 'destination');
  if (!target) return 'invalid argument for "--mount" flag: target is required';
  const type = field('type') ?? 'volume';
  const flag = ['readonly', 'ro'].find((name) => fields.has(name));
  const readOnly = flag !== undefined && fields.get(flag) !== 'false';
  const source = field('source', 'src');
  if (type === 'volume') return keep(mountOf(source, target, readOnly, text), volumes);
  if (type === 'tmpfs') {
    const size = field('tmpfs-size');
    const bytes = size === undefined ? undefined : parseBytes(size);
    if (size !== undefined && bytes === undefined)
      return `invalid argument for "--mount" flag: invalid value for tmpfs-size: ${size}`;
    const mode = field('tmpfs-mode');
    const options = [bytes === undefined ? '' : `size=${bytes}`, mode === undefined ? '' : `mode=${mode}`].filter(
      Boolean,
    );
    return keep(readTmpfs(`${target}:${options.join(',')}`), tmpfs);
  }
  if (type === 'bind')
    return keep(mountOf(source?.startsWith('/') ? source : `/${source ?? ''}`, target, readOnly, text), volumes);
  return `--mount type=${type} is not supported by the local runner.`;
}
