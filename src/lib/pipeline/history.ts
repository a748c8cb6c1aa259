/** What pages, HTTP and retention read of the record, and what retention removes from it. No decision rests on these. */

import type { Digest } from '../image/digest.ts';
import type { Tag } from '../image/names.ts';
import type { DigestRow, Instant, Outcome, Run, RunKind, Stage, TimelineEntry, TrackedTag, Verdict } from './model.ts';
import type { Loaded } from './record.ts';

/** A run as a list shows it. */
export interface RunSummary {
  readonly id: string;
  readonly tracked: TrackedTag;
  readonly kind: RunKind;
  readonly stage: Stage;
  readonly digest: Digest;
  readonly createdAt: Instant;
  readonly why: string;
  readonly requestedBy: string;
  readonly ended?: { readonly at: Instant; readonly outcome: Outcome };
}

export function summaryOf(run: Run): RunSummary {
  return {
    id: run.id,
    tracked: run.tracked,
    kind: run.kind,
    stage: run.stage,
    digest: run.digest,
    createdAt: run.createdAt,
    why: run.why,
    requestedBy: run.requested.by,
    ...(run.ended ? { ended: run.ended } : {}),
  };
}

export interface RunQuery {
  readonly image?: string;
  /** Only together with `image`. */
  readonly tag?: Tag;
  /** Only ended runs have one. */
  readonly outcome?: Outcome;
  /** Absent: both. */
  readonly state?: 'active' | 'ended';
  /** At most this many, 1 to 1000. */
  readonly top: number;
  /** `continue` of the page before. */
  readonly continue?: string;
}

export interface RunPage {
  /** Newest first, by run id. */
  readonly runs: readonly RunSummary[];
  readonly continue?: string;
}

/** Reads for people. What a list costs grows with its page and with the active runs, never with history. */
export interface History {
  runs(query: RunQuery): Promise<RunPage>;
  /** Whose run it is. Any text may be asked for. */
  find(run: string): Promise<TrackedTag | undefined>;
  /** Transitions of one run, or those of the tag itself (holds, baselines), oldest first. */
  timeline(tracked: TrackedTag, run?: string): Promise<readonly TimelineEntry[]>;
  /** The tags of these images that have a head, in order of name. `newer`: a newer release wrote them. */
  heads(
    images: readonly string[],
  ): Promise<{ readonly tags: readonly (Loaded & { tracked: TrackedTag })[]; readonly newer: readonly TrackedTag[] }>;
  verdicts(digest: Digest): Promise<readonly Verdict[]>;
  /** All that the tag knows, in order of digest. */
  digests(tracked: TrackedTag): Promise<readonly DigestRow[]>;
}

/** Finds what is old and removes it. What must be kept is its caller's to judge. Removing twice is as good as once. */
export interface Retention {
  /** Runs that ended before then, oldest first, from after the run `after`; `continue` where there may be more. */
  endedBefore(before: Instant, top: number, after?: string): Promise<RunPage>;
  /** The run, its timeline, its builds, and its places in the lists. */
  removeRun(run: RunSummary): Promise<void>;
  removeDigest(tracked: TrackedTag, digest: Digest): Promise<void>;
  /** Transitions of the tag itself from before then. */
  removeTimeline(tracked: TrackedTag, before: Instant): Promise<void>;
  /** Verdicts unchanged since before then, a page at a time. */
  verdictsBefore(before: Instant): AsyncIterable<readonly Verdict[]>;
  /** Not removed if it has changed since it was listed. */
  removeVerdict(verdict: Verdict): Promise<void>;
}
