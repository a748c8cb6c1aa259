/**
 * What the pipeline needs of the record: its rows, and the promises that their store keeps. test/store holds both stores to them.
 */
import type { Digest } from '../image/digest.ts';
import type {
  Blocked,
  Build,
  DigestRow,
  Head,
  Hold,
  Instant,
  Lease,
  Run,
  TimelineEntry,
  TrackedTag,
  Verdict,
} from './model.ts';

/** All that a decision about a tracked tag rests on, from one read of its partition. */
export interface Loaded {
  /** Undefined: the tag was never looked at. */
  readonly head?: Head;
  readonly etag?: string;
  readonly lease?: Lease;
  readonly active: readonly Run[];
  readonly blocked: readonly Blocked[];
  /** The store's clock at the read. */
  readonly at: Instant;
}

/** What one transaction writes: all of it, or nothing. */
export interface Change {
  readonly head: Head;
  /** Undefined: the head must not exist yet. */
  readonly etag: string | undefined;
  /** A run with `ended` leaves the active rows in the same transaction. */
  readonly runs?: readonly Run[];
  /** Merged into the rows that are there: what is left out stays. */
  readonly digests?: readonly DigestRow[];
  readonly builds?: readonly Build[];
  readonly lease?: { readonly take: Omit<Lease, 'since'> } | 'release';
  readonly block?: readonly Blocked[];
  readonly unblock?: readonly Digest[];
  readonly timeline?: readonly TimelineEntry[];
}

/** The record. Reads are consistent within a tag's partition; commits are guarded by the head's ETag. */
export interface Store {
  load(tracked: TrackedTag): Promise<Loaded>;
  /** The head's new ETag; `conflict`: the head has changed since it was loaded, and nothing was written. */
  commit(change: Change): Promise<{ readonly etag: string } | 'conflict'>;
  /** Active or ended. */
  run(tracked: TrackedTag, id: string): Promise<Run | undefined>;
  digest(tracked: TrackedTag, digest: Digest): Promise<DigestRow | undefined>;
  builds(tracked: TrackedTag, run: string): Promise<readonly Build[]>;
}

export interface Versioned<T> {
  readonly value: T;
  readonly etag: string;
  /** The store's clock at the read. */
  readonly at: Instant;
}

export interface Verdicts {
  get(
    digest: Digest,
    validation: string,
  ): Promise<Versioned<Verdict> | { readonly value: undefined; readonly at: Instant }>;
  /** `etag` undefined: insert. `changedAt` of what is given is not written. Undefined: somebody else was first. */
  put(verdict: Omit<Verdict, 'changedAt'>, etag: string | undefined): Promise<string | undefined>;
}

export interface ActiveRow {
  readonly run: string;
  readonly tracked: TrackedTag;
  /** The row's own Timestamp. */
  readonly since: Instant;
  /** The tag's first import ever: those are paced. */
  readonly first: boolean;
}

/** Which runs are active: written before the run and removed after its end, so that no crash hides a run. */
export interface RunIndex {
  add(row: Omit<ActiveRow, 'since'>): Promise<void>;
  /** Moves the row from the active ones to the ended ones. Once is as good as twice. */
  end(run: Run): Promise<void>;
  /** Removes the row of a run that was never created. */
  drop(run: string): Promise<void>;
  /** All active rows, and the store's clock. */
  active(): Promise<{ readonly rows: readonly ActiveRow[]; readonly at: Instant }>;
}

/** How far drift has looked, so that it lists only what moved since. A key names a repository and what is tracked of it. */
export interface Cursors {
  get(key: string): Promise<Instant | undefined>;
  set(key: string, at: Instant): Promise<void>;
}

/** Holds of whole images, for tags that appear while one stands. */
export interface ImageHolds {
  get(image: string): Promise<Hold | undefined>;
  set(image: string, hold: Hold | undefined): Promise<void>;
}
