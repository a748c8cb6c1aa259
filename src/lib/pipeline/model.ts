/**
 * The rows that Sluice keeps, as values. What each is for, and why it is so, stands in docs/architecture.md.
 * Instants are milliseconds since 1970 by the clock of the service named at the field: workers' clocks are not compared.
 */
import type { Digest } from '../image/digest.ts';
import type { Tag } from '../image/names.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** One image of the catalog and one of its tags: `node:9-alpine`. */
export interface TrackedTag {
  readonly image: string;
  readonly tag: Tag;
}

export function nameOf(tracked: TrackedTag): string {
  return `${tracked.image}:${tracked.tag}`;
}

export type Place = 'upstream' | 'staging' | 'target';

/** Where a run came from. Upstream, forced and own runs stand in one order; patches and rollbacks stand outside it. */
export type RunKind = 'upstream' | 'forced' | 'own' | 'patch' | 'rollback';

export type Stage = 'import' | 'validate' | 'promote' | 'rebuild';

export type Outcome =
  | 'promoted'
  | 'patched'
  | 'rolled-back'
  | 'unchanged'
  | 'superseded'
  | 'rejected'
  | 'blocked'
  | 'expired'
  | 'void'
  | 'cancelled'
  | 'gone'
  | 'untracked';

/** Who did something and why: an operator's name, `key`, or `sluice` itself. */
export interface Act {
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/** Upstream changes are staged and validated, but not promoted, while this stands. `until` absent: until resumed. */
export interface Hold extends Act {
  readonly until?: Instant;
}

/** A tag as a place showed it. `at` is the registry's own time of the move. */
export interface Seen {
  readonly digest: Digest;
  readonly at: Instant;
}

/** What a run may have put into the target that ended before anybody could look: its tag had left the catalog. */
export interface Unsettled {
  readonly digest: Digest;
  readonly seq: number;
  /** From then on a look that shows something else is certain (store's clock). */
  readonly certainAt: Instant;
}

/** The head of a tracked tag: every change of the tag's runs is one transaction with it. */
export interface Head {
  readonly tracked: TrackedTag;
  /** Counts commits; a timeline row takes its key from it. */
  readonly version: number;
  /** Names the last commit, so that a commit whose answer was lost recognises itself. */
  readonly nonce: string;
  /** Counts runs. */
  readonly seq: number;
  readonly upstream?: Seen | undefined;
  /** When upstream's tag was found missing (store's clock). */
  readonly upstreamGoneSince?: Instant | undefined;
  readonly staging?: Seen;
  /** The seq of the run that put what is in staging. */
  readonly stagingSeq: number;
  /** `run` absent: it was there at first sight. */
  readonly target?: Seen & { readonly run?: string };
  readonly unsettled?: Unsettled | undefined;
  /** The target's move before the last one (registry's clock). */
  readonly previousMoveAt?: Instant;
  readonly latestUpstreamSeq: number;
  readonly latestOwnSeq: number;
  readonly validatedSeq: number;
  readonly promotedSeq: number;
  readonly rollbackSeq: number;
  readonly hold?: Hold | undefined;
}

/** Held by the one run whose put into the target is under way. `since` is the row's own Timestamp. */
export interface Lease {
  readonly run: string;
  readonly digest: Digest;
  readonly since: Instant;
}

export interface Blocked extends Act {
  readonly digest: Digest;
}

/** What a parked run waits for; `lease` is that of a run that is stalled itself. Only a command, or the sweep, wakes it. */
export type ParkedFor = 'hold' | 'approval' | 'lease' | 'stalled';

export interface Parked {
  readonly for: ParkedFor;
  readonly since: Instant;
  /** When the sweep wakes it; absent: only an operator does. */
  readonly until?: Instant;
}

/** A long operation under way. `handle` is what its port gave. */
export interface Operation {
  readonly handle: string;
  /** When the handle was recorded (store's clock). */
  readonly since: Instant;
}

/** One attempt to bring one digest of one tracked tag through the pipeline. */
export interface Run {
  readonly id: string;
  readonly tracked: TrackedTag;
  readonly kind: RunKind;
  readonly stage: Stage;
  readonly digest: Digest;
  readonly seq: number;
  readonly createdAt: Instant;
  readonly requested: Act;
  /** Raised by each commit; a message about an older one is dropped. */
  readonly version: number;
  readonly nonce: string;
  /** When the next look is due (store's clock). */
  readonly dueAt: Instant;
  /** What it is doing or waiting for, for people. */
  readonly why: string;
  /** Failures of the present stage that were worth another try. */
  readonly tries: number;
  /** Wakes by the sweep since the last progress. */
  readonly sweeps: number;
  readonly operation?: Operation | undefined;
  readonly parked?: Parked | undefined;
  /** Soak counts from here: the first sight of the digest upstream, or of an own image in staging (store's clock). */
  readonly soakFrom: Instant;
  /** The validation it passed: a change of the catalog's validation since then sends it back. */
  readonly validation?: string;
  readonly passedAt?: Instant;
  /** A verdict must have been asked for after this (forced runs). */
  readonly validateAfter?: Instant;
  readonly approved?: Act;
  readonly expedited?: Act;
  /** The digest stands in the target's repository under the run's unique tag. */
  readonly copied: boolean;
  /** A rollback: the digest it leaves. */
  readonly from?: Digest;
  /** When the target took the digest (registry's clock). */
  readonly landedAt?: Instant;
  /** The target's move before that (registry's clock): builds from before it prove nothing. */
  readonly movedBefore?: Instant;
  /** The dependents have been looked for. */
  readonly discovered: boolean;
  /** How often a put into the target came to nothing. */
  readonly puts: number;
  readonly ended?: { readonly at: Instant; readonly outcome: Outcome };
}

/** What a tag knows of a digest: one that has such a row was never somebody else's push into staging. */
export interface DigestRow {
  readonly digest: Digest;
  /** When we first saw it upstream (store's clock): soak counts from here. */
  readonly seenUpstreamAt?: Instant;
  readonly lastRun?: string;
  /** When the target last took it (registry's clock): what has never stood there cannot be rolled back to. */
  readonly inTargetAt?: Instant;
  /** When we last put it there because it had passed (registry's clock): a patch, and what was there at first sight, never had. */
  readonly promotedAt?: Instant;
}

/** The validation of one digest by one catalog entry; shared by all tags. */
export interface Verdict {
  readonly digest: Digest;
  /** SHA-256 of the entry as it would be sent. */
  readonly validation: string;
  readonly state: 'intent' | 'running' | 'passed' | 'rejected' | 'failed';
  /** Marks the task run that this generation asked for. */
  readonly token: string;
  /** Generations: raised when the validation is asked for again. */
  readonly generation: number;
  /** Task runs of this validation that ended without a verdict since somebody last asked for one. */
  readonly attempts: number;
  /** When this generation was asked for (store's clock). */
  readonly askedAt: Instant;
  /** The row's own Timestamp. */
  readonly changedAt: Instant;
  readonly askedBy: string;
  readonly taskRun?: string;
  readonly why: string;
  readonly logEnd?: string;
}

export type BuildState =
  | 'waiting'
  | 'kicking'
  | 'building'
  | 'rebuilt'
  | 'unconfirmed'
  | 'failed'
  | 'skipped'
  | 'unarmed';

/** One dependent's build for one run. */
export interface Build {
  readonly run: string;
  /** Name of the registry whose task it is. */
  readonly registry: string;
  readonly task: string;
  /** 1 for what is built on the target; 2 for what is built on those, and so on. */
  readonly wave: number;
  readonly state: BuildState;
  /** The image and digest it must be built on. */
  readonly base: string;
  readonly baseDigest: Digest;
  /** When that base was put there (registry's clock). */
  readonly baseAt: Instant;
  /** Marks the task run that we ask for. */
  readonly token?: string;
  /** When the kick was decided (store's clock). */
  readonly kickAt?: Instant;
  readonly kicked: boolean;
  readonly taskRun?: string;
  readonly why: string;
}

/** One transition, written in its transaction. */
export interface TimelineEntry {
  readonly run?: string;
  readonly at: Instant;
  readonly from: string;
  readonly to: string;
  readonly digest?: Digest;
  readonly why: string;
  readonly by: string;
}
