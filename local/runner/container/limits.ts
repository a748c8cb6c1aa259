import { existsSync } from 'node:fs';

/** Limits as Docker's flags give them; bytes, and billionths of a CPU. */
export interface Limits {
  readonly pids: number | undefined;
  readonly memory: number | undefined;
  /** Memory and swap together; -1 is without limit. */
  readonly memorySwap: number | undefined;
  readonly memoryReservation: number | undefined;
  readonly nanoCpus: number | undefined;
  readonly cpuShares: number | undefined;
  readonly cpuset: string | undefined;
}

const CPU_PERIOD_MICROSECONDS = 100_000;

/** `linux.resources` of an OCI runtime configuration. */
export function resources(limits: Limits): Record<string, unknown> {
  const { memory, nanoCpus } = limits;
  const swap = limits.memorySwap ?? (memory === undefined ? undefined : memory * 2);
  return {
    devices: [{ allow: false, access: 'rwm' }],
    ...(limits.pids === undefined ? {} : { pids: { limit: limits.pids } }),
    memory: {
      ...(memory === undefined ? {} : { limit: memory }),
      ...(swap !== undefined && swapIsCounted() ? { swap } : {}),
      ...(limits.memoryReservation === undefined ? {} : { reservation: limits.memoryReservation }),
    },
    cpu: {
      ...(nanoCpus === undefined
        ? {}
        : { period: CPU_PERIOD_MICROSECONDS, quota: Math.round((nanoCpus * CPU_PERIOD_MICROSECONDS) / 1e9) }),
      ...(limits.cpuShares === undefined ? {} : { shares: limits.cpuShares }),
      ...(limits.cpuset === undefined ? {} : { cpus: limits.cpuset }),
    },
  };
}

/** A kernel without swap accounting cannot set the limit, and Docker then leaves it out too. */
function swapIsCounted(): boolean {
  return ['memory/memory.memsw.limit_in_bytes', 'cgroup.controllers'].some((file) =>
    existsSync(`/sys/fs/cgroup/${file}`),
  );
}
