/** What Docker gives a container that asks for nothing (moby, oci/caps/defaults.go). */
const DEFAULT = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** Those that let a process leave its container, or act on the machine's network: Docker agents may grant them, we do not. */
const REFUSED = [
  'CAP_AUDIT_CONTROL',
  'CAP_BPF',
  'CAP_DAC_READ_SEARCH',
  'CAP_MAC_ADMIN',
  'CAP_MAC_OVERRIDE',
  'CAP_NET_ADMIN',
  'CAP_PERFMON',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_MODULE',
  'CAP_SYS_PTRACE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_TIME',
  'CAP_SYSLOG',
];

const GRANTABLE = [
  ...DEFAULT,
  'CAP_AUDIT_READ',
  'CAP_BLOCK_SUSPEND',
  'CAP_CHECKPOINT_RESTORE',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_LEASE',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BROADCAST',
  'CAP_SYS_NICE',
  'CAP_SYS_PACCT',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TTY_CONFIG',
  'CAP_WAKE_ALARM',
];

export type Capabilities =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Docker's rules: `--cap-drop ALL` empties the set, `--cap-add` then adds to it; a name may leave out `CAP_`. */
export function capabilities(add: readonly string[], drop: readonly string[]): Capabilities {
  const added = add.map(normalize);
  const dropped = drop.map(normalize);
  for (const name of [...added, ...dropped]) {
    if (name !== 'ALL' && !GRANTABLE.includes(name) && !REFUSED.includes(name)) {
      return { ok: false, message: `invalid capability: "${name}"` };
    }
  }
  const refused = added.find((name) => name === 'ALL' || REFUSED.includes(name));
  if (refused) return { ok: false, message: `capability ${refused} is not granted by the local runner` };
  const kept = dropped.includes('ALL') ? [] : DEFAULT.filter((name) => !dropped.includes(name));
  return { ok: true, names: [...new Set([...kept, ...added])] };
}

function normalize(name: string): string {
  const upper = name.toUpperCase();
  return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}
