/**
 * What the pipeline needs of the world; what it needs of the record stands in record.ts. Every port is declared by need:
 * a reader cannot write.
 * A port throws only what is unexpected; `PortError` (errors.ts) says what to do next.
 */

import type { Registry, Upstream, ValidationEntry } from '../catalog/model.ts';
import type { TaskInfo } from '../dependents/task-info.ts';
import type { Digest } from '../image/digest.ts';
import type { Repository, Tag } from '../image/names.ts';
import type { Message } from './message.ts';
import type { Instant, Outcome, Run, TimelineEntry, TrackedTag } from './model.ts';

/** What a tag shows now. *Unknown* (unreachable, throttled, refused) is never taken for unchanged. */
export type TagReading =
  | {
      readonly kind: 'found';
      readonly digest: Digest /** lastUpdateTime, where the registry tells it. */;
      readonly at?: Instant;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly why: string };

/** A tag of the buffer: ACR always tells when it moved last. */
export type BufferReading =
  | { readonly kind: 'found'; readonly digest: Digest; readonly at: Instant }
  | Exclude<TagReading, { kind: 'found' }>;

/** Upstream registries: looks, and never writes. One HEAD a call. */
export interface UpstreamReader {
  read(upstream: Upstream, tag: Tag): Promise<TagReading>;
  /** All tags of the repository, for patterns. */
  tags(
    upstream: Upstream,
  ): Promise<
    { readonly kind: 'found'; readonly tags: readonly Tag[] } | { readonly kind: 'unknown'; readonly why: string }
  >;
}

export interface ListedTag {
  readonly tag: Tag;
  readonly digest: Digest;
  readonly at: Instant;
}

/** Reads the buffer's staging and target repositories. */
export interface BufferReader {
  readTag(repository: Repository, tag: Tag): Promise<BufferReading>;
  /** Tags, those moved last first, a page at a time. An unknown repository has none. */
  tagsByTime(repository: Repository): AsyncIterable<readonly ListedTag[]>;
}

/** *Refused*: it certainly did not happen. *Unclear*: it may have, or may yet, within a request's longest life. */
export type PutAnswer =
  | { readonly kind: 'put' /** The registry's Date. */; readonly at: Instant }
  | { readonly kind: 'refused'; readonly next: 'retry' | 'stall'; readonly why: string }
  | { readonly kind: 'unclear'; readonly why: string };

export interface TagMover {
  /**
   * Puts the manifest that the repository holds under `digest` under `tag` too: the same bytes, one PUT, sent once and
   * never retried. `sendBefore` (monotonic ms): when it is past that, before the PUT is sent, it is not sent: `refused`, retry.
   */
  moveTag(repository: Repository, tag: Tag, digest: Digest, sendBefore: number): Promise<PutAnswer>;
}

/** Deletes tags that retention no longer needs. A tag that is gone already is fine. */
export interface TagRemover {
  removeTag(repository: Repository, tag: Tag): Promise<void>;
}

export interface ImportRequest {
  readonly source: Upstream | { readonly kind: 'buffer'; readonly repository: Repository };
  readonly digest: Digest;
  /** Where it lands in the buffer. Existing tags are never overwritten (NoForce). */
  readonly repository: Repository;
  readonly tag: Tag;
}

export type ImportState =
  | { readonly kind: 'running' }
  | { readonly kind: 'succeeded' }
  /** The tag is there already: our own earlier request may have landed. */
  | { readonly kind: 'exists' }
  /** The digest is not, or no longer, at the source. */
  | { readonly kind: 'gone'; readonly why: string }
  | { readonly kind: 'failed'; readonly next: 'retry' | 'stall'; readonly why: string };

export interface Importer {
  /** Starts an import; sent once, never retried. The handle can be polled by any process. */
  start(
    request: ImportRequest,
  ): Promise<{ readonly kind: 'started'; readonly handle: string } | Exclude<ImportState, { kind: 'running' }>>;
  poll(handle: string): Promise<ImportState>;
}

export type TaskRunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'error' | 'timeout';

export interface TaskRunInfo {
  readonly id: string;
  readonly status: TaskRunStatus;
  /** Registry's clock. */
  readonly createdAt: Instant;
  readonly startedAt?: Instant;
  readonly finishedAt?: Instant;
  readonly error?: string;
  readonly token?: string;
  readonly pullRequest: boolean;
  /** The base digests that made ACR start it (imageUpdateTrigger). */
  readonly triggeredBy: readonly Digest[];
  readonly outputs: readonly {
    readonly registry: string;
    readonly repository: string;
    readonly tag: string;
    readonly digest: string;
  }[];
}

export interface ValidationJob {
  readonly entry: ValidationEntry;
  /** The candidate, in the buffer's staging repository, always by digest. */
  readonly repository: Repository;
  readonly digest: Digest;
  readonly tag: Tag;
  /** The Sluice run that asks, for the value RUN. */
  readonly run: string;
  readonly token: string;
}

/** Runs validations as task runs of the buffer. */
export interface ValidationRunner {
  /** What would be sent, RUN left out and TAG only where it is used, as one canonical text: its SHA-256 names the validation. */
  describe(entry: ValidationEntry, tag: Tag): string;
  /** Sent once, never retried. `step` is the id of our step in its log; undefined for the operator's own steps. */
  schedule(
    job: ValidationJob,
  ): Promise<
    | { readonly kind: 'scheduled'; readonly taskRun: string }
    | { readonly kind: 'failed'; readonly next: 'retry' | 'stall'; readonly why: string }
  >;
  /** The task run that carries this token, if the service tells. `since` bounds the listing (registry's clock, generous). */
  findByToken(token: string, since: Instant): Promise<string | undefined>;
  get(taskRun: string): Promise<TaskRunInfo | undefined>;
  /** The last lines of the log, credentials masked. */
  logEnd(taskRun: string): Promise<string>;
  cancel(taskRun: string): Promise<void>;
}

export type DependentTask = TaskInfo;

/** The tasks that build on our images, in any configured registry. */
export interface DependentTasks {
  list(registry: Registry): Promise<readonly DependentTask[]>;
  get(registry: Registry, task: string): Promise<DependentTask | undefined>;
  /** Runs of the task created since then, newest first, and always the newest successful one if there is one. */
  runs(registry: Registry, task: string, since: Instant): Promise<readonly TaskRunInfo[]>;
  /** Starts the task; sent once, never retried. Failed: it certainly was not started; throws where that is not known. */
  kick(
    registry: Registry,
    task: string,
    token: string,
  ): Promise<
    | { readonly kind: 'scheduled'; readonly taskRun: string }
    | { readonly kind: 'failed'; readonly next: 'retry' | 'stall'; readonly why: string }
  >;
}

export interface Queue {
  /** `delay` in ms, at most 7 days. */
  send(message: Message, delay: number): Promise<void>;
}

/** Milliseconds that only go forward, for what one process measures by itself. Everything else is the services' time. */
export interface Clock {
  monotonic(): number;
  /** Waits inline; short. */
  sleep(ms: number): Promise<void>;
}

export interface Ids {
  /** Short, lower case, valid in a tag, sorts by time. */
  run(at: Instant): string;
  nonce(): string;
}

export interface TransitionEvent extends TimelineEntry {
  readonly tracked: TrackedTag;
  readonly kind?: Run['kind'];
  readonly outcome?: Outcome;
}

/** Where transitions are told: one line each. */
export interface Journal {
  transition(event: TransitionEvent): void;
}
