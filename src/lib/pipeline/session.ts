/**
 * One look at a tracked tag, and the commits that follow from it. Every change of the tag is one transaction,
 * If-Match on the head, so a decision is committed only while all that it rested on is still so.
 */
import type { Catalog, Image } from '../catalog/model.ts';
import type { Digest } from '../image/digest.ts';
import { matches } from '../image/tag-pattern.ts';
import { explain, PortError } from './errors.ts';
import type { Blocked, Build, DigestRow, Head, Lease, Run, TimelineEntry, TrackedTag } from './model.ts';
import { nameOf } from './model.ts';
import type { Periods } from './periods.ts';
import type * as ports from './ports.ts';
import type * as record from './record.ts';

/** Everything the pipeline is given. */
export interface Pipeline {
  readonly catalog: Catalog;
  readonly periods: Periods;
  readonly store: record.Store;
  readonly verdicts: record.Verdicts;
  readonly index: record.RunIndex;
  readonly cursors: record.Cursors;
  readonly imageHolds: record.ImageHolds;
  readonly queue: ports.Queue;
  readonly upstream: ports.UpstreamReader;
  readonly buffer: ports.BufferReader;
  readonly mover: ports.TagMover;
  readonly remover: ports.TagRemover;
  readonly importer: ports.Importer;
  readonly validations: ports.ValidationRunner;
  readonly dependents: ports.DependentTasks;
  readonly clock: ports.Clock;
  readonly ids: ports.Ids;
  readonly journal: ports.Journal;
}

/** What a commit needs: also of a tag that has left the catalog. */
export interface Partition {
  readonly pipeline: Pipeline;
  readonly tracked: TrackedTag;
  readonly loaded: record.Loaded;
  /** Monotonic, before the read (or the commit that confirmed it): no effect is sent long after it. */
  readonly readAt: number;
  /** Monotonic, not before the moment that `loaded.at` tells: the time since then is never overrated. */
  readonly heardAt: number;
}

export interface Session extends Partition {
  readonly image: Image;
}

type Known<S extends Partition> = S & {
  readonly loaded: record.Loaded & { readonly head: Head; readonly etag: string };
};

export type KnownSession = Known<Session>;

/** The image of the catalog that a tag is tracked by; undefined when it has left the catalog. */
export function imageOf(catalog: Catalog, tracked: TrackedTag): Image | undefined {
  const image = catalog.images.find(({ name }) => name === tracked.image);
  return image?.tags.some((pattern) => matches(pattern, tracked.tag)) ? image : undefined;
}

export async function open(pipeline: Pipeline, tracked: TrackedTag, image: Image): Promise<Session> {
  const readAt = pipeline.clock.monotonic();
  const loaded = await pipeline.store.load(tracked);
  return { pipeline, tracked, image, loaded, readAt, heardAt: pipeline.clock.monotonic() };
}

export function isKnown(session: Session): session is KnownSession {
  return session.loaded.head !== undefined && session.loaded.etag !== undefined;
}

/** The last moment (monotonic) at which an effect that rests on this session may be sent. */
export function sendBefore(session: Session): number {
  return session.readAt + session.pipeline.periods.effectAfterRead;
}

export function isStale(session: Session): boolean {
  return session.pipeline.clock.monotonic() > sendBefore(session);
}

export function activeRun(session: Partition, id: string): Run | undefined {
  return session.loaded.active.find((run) => run.id === id);
}

/** What a commit changes. Versions, nonces and times are stamped by `commit`. */
export interface Draft {
  readonly head?: Partial<Head>;
  /** Changed and new runs, each as it shall be. */
  readonly runs?: readonly Run[];
  readonly digests?: readonly DigestRow[];
  readonly builds?: readonly Build[];
  readonly lease?: { readonly take: Omit<Lease, 'since'> } | 'release';
  readonly block?: readonly Blocked[];
  readonly unblock?: readonly Digest[];
  readonly timeline?: readonly Omit<TimelineEntry, 'at'>[];
}

/**
 * The session as it is after the commit; undefined when somebody else was first: read again, judge again. What follows
 * in this invocation is judged, and stamped, by the store's time at the commit: the read may be long ago by then.
 */
export async function commit<S extends Partition>(session: S, draft: Draft): Promise<Known<S> | undefined> {
  const readAt = session.pipeline.clock.monotonic();
  const change = stamp(session, draft);
  const loaded = await send(session, change);
  if (loaded === undefined) return undefined;
  for (const entry of change.timeline ?? []) tell(session, change, entry);
  const at = session.loaded.at + (readAt - session.heardAt);
  // Recognised: the tag was read anew for that.
  if (loaded.at > at) return { ...session, readAt, heardAt: session.pipeline.clock.monotonic(), loaded };
  return { ...session, readAt, heardAt: readAt, loaded: { ...loaded, at } };
}

async function send(session: Partition, change: record.Change): Promise<KnownSession['loaded'] | undefined> {
  const { pipeline, loaded, tracked } = session;
  try {
    const answer = await pipeline.store.commit(change);
    if (answer === 'conflict') return await recognise(session, change);
    return { ...apply(loaded, change), head: change.head, etag: answer.etag };
  } catch (error) {
    const after = await recognise(session, change);
    if (after) return after;
    // It names its operation and target, and the class of the error decides what happens next.
    if (error instanceof PortError) throw error;
    throw new Error(`Commit of ${nameOf(tracked)}: ${explain(error)}`, { cause: error });
  }
}

function stamp(session: Partition, draft: Draft): record.Change {
  const { loaded, pipeline, tracked } = session;
  const nonce = pipeline.ids.nonce();
  const before = loaded.head ?? newHead(tracked);
  return {
    ...draft,
    head: { ...before, ...draft.head, version: before.version + 1, nonce },
    etag: loaded.etag,
    runs: (draft.runs ?? []).map((run) => ({ ...run, version: run.version + 1, nonce })),
    timeline: (draft.timeline ?? []).map((entry) => ({ ...entry, at: loaded.at })),
  };
}

/**
 * A commit whose answer was lost, or that the SDK sent twice, is recognised by its nonce: on the head, or, where somebody
 * has committed since, on a run that it wrote.
 */
async function recognise(session: Partition, change: record.Change): Promise<KnownSession['loaded'] | undefined> {
  const { store } = session.pipeline;
  const now = await store.load(session.tracked);
  if (now.head === undefined || now.etag === undefined) return undefined;
  const known = { ...now, head: now.head, etag: now.etag };
  if (now.head.nonce === change.head.nonce) return known;
  for (const { id } of change.runs ?? []) {
    const run = now.active.find((other) => other.id === id) ?? (await store.run(session.tracked, id));
    if (run?.nonce === change.head.nonce) return known;
  }
  return undefined;
}

function apply(loaded: record.Loaded, change: record.Change): record.Loaded {
  const changed = new Map((change.runs ?? []).map((run) => [run.id, run]));
  const active = loaded.active.map((run) => changed.get(run.id) ?? run);
  for (const run of changed.values()) if (!active.some(({ id }) => id === run.id)) active.push(run);
  const unblocked = new Set([...(change.unblock ?? []), ...(change.block ?? []).map(({ digest }) => digest)]);
  const after = {
    at: loaded.at,
    active: active.filter((run) => run.ended === undefined),
    blocked: [...loaded.blocked.filter(({ digest }) => !unblocked.has(digest)), ...(change.block ?? [])],
  };
  const lease = leaseAfter(loaded, change);
  return lease === undefined ? after : { ...after, lease };
}

function leaseAfter(loaded: record.Loaded, { lease }: record.Change): Lease | undefined {
  if (lease === 'release') return undefined;
  return lease === undefined ? loaded.lease : { ...lease.take, since: loaded.at };
}

function tell(session: Partition, change: record.Change, entry: TimelineEntry): void {
  const run = change.runs?.find(({ id }) => id === entry.run);
  session.pipeline.journal.transition({
    ...entry,
    tracked: session.tracked,
    ...(run && { kind: run.kind }),
    ...(run?.ended && { outcome: run.ended.outcome }),
  });
}

function newHead(tracked: TrackedTag): Head {
  return {
    tracked,
    version: 0,
    nonce: '',
    seq: 0,
    stagingSeq: 0,
    latestUpstreamSeq: 0,
    latestOwnSeq: 0,
    validatedSeq: 0,
    promotedSeq: 0,
    rollbackSeq: 0,
  };
}
