/** What a reading of a place means for a tracked tag: pure, and always with the reason. */
import type { Digest } from '../image/digest.ts';
import { shortDigest } from '../image/digest.ts';
import { heldOver } from './holds.ts';
import type { Head, Instant, Lease, Run, RunKind, Seen } from './model.ts';
import type { BufferReading, TagReading } from './ports.ts';

export type Notice =
  /** `why`: where it is not simply as it was. */
  | { readonly kind: 'nothing'; readonly why?: string }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'record'; readonly head: Partial<Head>; readonly why: string }
  | { readonly kind: 'join'; readonly run: Run; readonly head: Partial<Head> }
  | { readonly kind: 'start'; readonly start: Start; readonly head: Partial<Head> };

export type Start = { readonly digest: Digest; readonly why: string } & (
  | { readonly kind: 'upstream' | 'forced'; readonly stage: 'import' }
  | { readonly kind: 'own'; readonly stage: 'validate' }
  /** `landedAt`: when the target took it (registry's clock). */
  | { readonly kind: 'patch'; readonly stage: 'rebuild'; readonly landedAt: Instant }
  /** Ours, of the run with that `seq`, which could not see it land. */
  | { readonly kind: 'upstream'; readonly stage: 'rebuild'; readonly landedAt: Instant; readonly seq: number }
);

export interface Facts {
  readonly head: Head;
  readonly lease?: Lease | undefined;
  readonly active: readonly Run[];
  /** The store's clock. */
  readonly now: number;
}

const nothing: Notice = { kind: 'nothing' };

/** A registry's answer that is older than what is recorded is not news: replicas and caches lag. */
function isOlder(reading: { readonly at?: number }, recorded: Seen | undefined): boolean {
  return recorded !== undefined && reading.at !== undefined && reading.at < recorded.at;
}

/** Upstream decides what comes in: a digest that differs from the last one seen is a new run. */
export function noticeUpstream(facts: Facts, reading: TagReading, force: boolean): Notice {
  if (reading.kind === 'unknown') return reading;
  const { head, now } = facts;
  if (reading.kind === 'absent') {
    const why = head.upstream ? 'the tag is gone upstream; nothing else changes' : 'upstream has no such tag';
    if (head.upstreamGoneSince !== undefined) return { kind: 'nothing', why };
    return { kind: 'record', head: { upstreamGoneSince: now }, why };
  }
  const { digest } = reading;
  const seen: Partial<Head> = { upstream: { digest, at: reading.at ?? now }, upstreamGoneSince: undefined };
  if (force) {
    const running = facts.active.find((run) => run.digest === digest && isOrdered(run) && run.kind !== 'own');
    if (running) return { kind: 'join', run: running, head: seen };
    return { kind: 'start', start: { kind: 'forced', stage: 'import', digest, why: 'forced' }, head: seen };
  }
  if (digest === head.upstream?.digest) {
    return head.upstreamGoneSince === undefined
      ? nothing
      : { kind: 'record', head: seen, why: 'the tag is back upstream' };
  }
  // Only ACR upstreams tell when the tag moved.
  if (isOlder(reading, head.upstream)) return nothing;
  if (head.upstream === undefined && digest === head.target?.digest) {
    return { kind: 'record', head: seen, why: 'first sight: the target is what upstream has' };
  }
  const why = head.upstream
    ? `upstream moved from ${shortDigest(head.upstream.digest)} to ${shortDigest(digest)}`
    : `first sight of ${shortDigest(digest)} upstream`;
  return { kind: 'start', start: { kind: 'upstream', stage: 'import', digest, why }, head: seen };
}

/** In staging, a digest that the tag knows is our own work; anything else is somebody's image. */
export function noticeStaging(facts: Facts, reading: BufferReading, known: boolean): Notice {
  if (reading.kind === 'unknown') return reading;
  const { staging } = facts.head;
  if (reading.kind === 'absent' || reading.digest === staging?.digest || isOlder(reading, staging)) return nothing;
  const { digest } = reading;
  const seen = { digest, at: reading.at };
  if (!known) {
    const why = `${shortDigest(digest)} was pushed into staging`;
    return { kind: 'start', start: { kind: 'own', stage: 'validate', digest, why }, head: { staging: seen } };
  }
  // The run that is importing it records it with its own transition.
  if (facts.active.some((run) => run.stage === 'import' && run.digest === digest && !run.parked)) return nothing;
  return { kind: 'record', head: { staging: seen }, why: `staging shows ${shortDigest(digest)}, which is known` };
}

/**
 * In the target, a digest is ours only while a run holds the lease for its put, or where such a run ended before it could
 * look: somebody who tags an earlier or a rejected digest by hand has patched, however well the digest is known.
 */
export function noticeTarget(facts: Facts, reading: BufferReading): Notice {
  if (reading.kind === 'unknown') return reading;
  const { head, lease, now } = facts;
  const { target, unsettled } = head;
  if (reading.kind === 'absent' || reading.digest === target?.digest || isOlder(reading, target)) {
    if (unsettled === undefined || now < unsettled.certainAt) return nothing;
    const why = `${shortDigest(unsettled.digest)} was not put into the target before the tag left the catalog`;
    return { kind: 'record', head: { unsettled: undefined }, why };
  }
  // The promotion reads the target again before it lets the lease go, and decides then.
  if (lease !== undefined) return nothing;
  const { digest, at } = reading;
  if (digest === unsettled?.digest) {
    const why = `${shortDigest(digest)} was put into the target before the tag left the catalog`;
    const start = { kind: 'upstream', stage: 'rebuild', digest, why, landedAt: at, seq: unsettled.seq } as const;
    return { kind: 'start', start, head: { unsettled: undefined } };
  }
  const why = `${shortDigest(digest)} was pushed into the target by somebody`;
  const hold = heldOver(head.hold, { by: 'sluice', at: now, reason: why });
  const start = { kind: 'patch', stage: 'rebuild', digest, why, landedAt: at } as const;
  return { kind: 'start', start, head: { hold, unsettled: undefined } };
}

/** Upstream, forced and own runs stand in one order; patches and rollbacks do not. */
export function isOrdered(run: { readonly kind: RunKind }): boolean {
  return run.kind === 'upstream' || run.kind === 'forced' || run.kind === 'own';
}

/** What a run did not bring to its end is news again when upstream is looked at next: the tag may come back. */
export function forgotten(head: Head | undefined, { kind, digest }: Run): Pick<Head, 'upstream'> {
  const cameFromThere = kind === 'upstream' || kind === 'forced';
  return cameFromThere && head?.upstream?.digest === digest ? { upstream: undefined } : {};
}
