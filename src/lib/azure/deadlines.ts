/**
 * How long one call may take, in milliseconds, all its tries together. The SDKs have no deadline of their own: a
 * connection that dies silently would hold a worker until the host ends it.
 */
export const deadlines = {
  read: 20_000,
  /** Shorter than a request's longest life in the protocol (90 s), which begins when this ends. */
  write: 30_000,
  /** All pages of a list. */
  list: 60_000,
  log: 15_000,
} as const;

export function within(period: keyof typeof deadlines): AbortSignal {
  return AbortSignal.timeout(deadlines[period]);
}
