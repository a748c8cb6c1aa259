import { type Limits, resources } from './limits.ts';
import { seccompProfile } from './seccomp.ts';
import type { Identity } from './user.ts';

export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** Everything that Docker's flags and the image decide about one container. */
export interface ContainerConfig {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly identity: Identity;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: boolean;
  readonly readOnlyRoot: boolean;
  /** The machine's network, or one of its own with nothing but a loopback. */
  readonly network: 'host' | 'none';
  readonly hostname: string;
  readonly binds: readonly Bind[];
  readonly tmpfs: readonly { readonly target: string; readonly options: readonly string[] }[];
  readonly shmBytes: number;
  readonly limits: Limits;
  readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  readonly cgroup: string;
}

const NO_DEVICES = ['nosuid', 'noexec', 'nodev'];

/** Paths that say much about the machine, or change it: Docker hides the first and protects the second. */
const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The config.json of an OCI bundle (runtime-spec 1.0). */
export function ociConfig(config: ContainerConfig, rootfs: string): Record<string, unknown> {
  const { capabilities: caps, identity } = config;
  const effective = identity.uid === 0 ? caps : [];
  const namespaces = ['pid', 'mount', 'ipc', 'uts', 'cgroup', ...(config.network === 'none' ? ['network'] : [])];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: identity.uid, gid: identity.gid, additionalGids: identity.additionalGids },
      args: config.args,
      env: config.env,
      cwd: config.cwd,
      // A user other than root has the bounding set alone, as with Docker.
      capabilities: { bounding: caps, effective, permitted: effective, inheritable: [], ambient: [] },
      noNewPrivileges: config.noNewPrivileges,
      rlimits: config.rlimits,
    },
    root: { path: rootfs, readonly: config.readOnlyRoot },
    hostname: config.hostname,
    mounts: mounts(config),
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      cgroupsPath: config.cgroup,
      resources: resources(config.limits),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
      ...(config.seccomp ? { seccomp: seccompProfile } : {}),
    },
  };
}

function mounts(config: ContainerConfig): Record<string, unknown>[] {
  const shm = ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${config.shmBytes}`];
  const list = [
    { destination: '/proc', type: 'proc', source: 'proc', options: NO_DEVICES },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: NO_DEVICES },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: shm },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...NO_DEVICES, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...NO_DEVICES, 'relatime', 'ro'] },
    ...config.tmpfs.map(({ target, options }) => ({
      destination: target,
      type: 'tmpfs',
      source: 'tmpfs',
      options: [...NO_DEVICES, ...options],
    })),
    ...config.binds.map(({ source, target, readOnly }) => ({
      destination: target,
      type: 'bind',
      source,
      options: ['rbind', 'rprivate', readOnly ? 'ro' : 'rw'],
    })),
  ];
  // A mount below another one must come after it; Array.sort keeps the order of equals.
  return list.toSorted((a, b) => depth(a.destination) - depth(b.destination));
}

function depth(path: string): number {
  return path.split('/').filter((part) => part !== '').length;
}
