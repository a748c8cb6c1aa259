/**
 * The store in memory: same promises as the one on Table Storage (test/store holds both to them), and fast enough for
 * hundreds of thousands of schedules. Every effect happens at the call; only its answer is a promise.
 */
import type { Digest } from '../../src/lib/image/digest.ts';
import type { RunSummary } from '../../src/lib/pipeline/history.ts';
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
} from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import type { ActiveRow, Change, Loaded, Store } from '../../src/lib/pipeline/record.ts';

/** One tag's partition. Values are immutable, so that rows are shared with whoever reads them. */
export interface MemoryTag {
  readonly tracked: TrackedTag;
  head: Head | undefined;
  etag: number;
  lease: Lease | undefined;
  readonly active: Map<string, Run>;
  readonly ended: Map<string, Run>;
  readonly blocked: Map<Digest, Blocked>;
  readonly digests: Map<Digest, DigestRow>;
  readonly builds: Map<string, Map<string, Build>>;
  /** By run; the tag's own under ''. */
  readonly timeline: Map<string, TimelineEntry[]>;
}

export interface MemoryState {
  readonly tags: Map<string, MemoryTag>;
  readonly verdicts: Map<string, { readonly verdict: Verdict; readonly etag: number }>;
  readonly active: Map<string, ActiveRow>;
  readonly ended: Map<string, RunSummary>;
  readonly cursors: Map<string, Instant>;
  readonly holds: Map<string, Hold>;
  /** The last ETag given. */
  etag: number;
  reads: number;
  /** Calls that changed something: refused ones are not counted. */
  writes: number;
}

export function memoryState(): MemoryState {
  return {
    tags: new Map(),
    verdicts: new Map(),
    active: new Map(),
    ended: new Map(),
    cursors: new Map(),
    holds: new Map(),
    etag: 0,
    reads: 0,
    writes: 0,
  };
}

/** Table Storage's bound on one transaction. */
const mostRows = 100;

export function memoryStore(state: MemoryState, now: () => Instant): Store {
  return {
    load(tracked) {
      state.reads++;
      return Promise.resolve(loadedOf(state.tags.get(nameOf(tracked)), now()));
    },
    commit(change) {
      const rows = rowsOf(change);
      if (rows > mostRows) return Promise.reject(new Error(`A commit of ${rows} rows: at most ${mostRows} fit.`));
      const tag = tagOf(state, change.head.tracked);
      const etag = tag.head ? String(tag.etag) : undefined;
      if (etag !== change.etag) return Promise.resolve('conflict');
      apply(state, tag, change, now());
      return Promise.resolve({ etag: String(tag.etag) });
    },
    run(tracked, id) {
      state.reads++;
      const tag = state.tags.get(nameOf(tracked));
      return Promise.resolve(tag?.active.get(id) ?? tag?.ended.get(id));
    },
    digest(tracked, digest) {
      state.reads++;
      return Promise.resolve(state.tags.get(nameOf(tracked))?.digests.get(digest));
    },
    builds(tracked, run) {
      state.reads++;
      const builds = state.tags.get(nameOf(tracked))?.builds.get(run);
      return Promise.resolve(builds ? sorted(builds) : []);
    },
  };
}

/** A tag's partition as `load` gives it, without a call: for invariants. */
export function loadedOf(tag: MemoryTag | undefined, at: Instant): Loaded {
  if (!tag?.head) return { active: [], blocked: [], at };
  return {
    head: tag.head,
    etag: String(tag.etag),
    ...(tag.lease ? { lease: tag.lease } : {}),
    active: sorted(tag.active),
    blocked: sorted(tag.blocked),
    at,
  };
}

function rowsOf(change: Change): number {
  const ended = change.runs?.filter((run) => run.ended).length ?? 0;
  const lists = [change.runs, change.digests, change.builds, change.block, change.unblock, change.timeline];
  return lists.reduce((sum, list) => sum + (list?.length ?? 0), 1 + ended + (change.lease ? 1 : 0));
}

function tagOf(state: MemoryState, tracked: TrackedTag): MemoryTag {
  const name = nameOf(tracked);
  let tag = state.tags.get(name);
  if (!tag) {
    tag = {
      tracked,
      head: undefined,
      etag: 0,
      lease: undefined,
      active: new Map(),
      ended: new Map(),
      blocked: new Map(),
      digests: new Map(),
      builds: new Map(),
      timeline: new Map(),
    };
    state.tags.set(name, tag);
  }
  return tag;
}

function apply(state: MemoryState, tag: MemoryTag, change: Change, at: Instant): void {
  state.writes++;
  tag.head = change.head;
  tag.etag = ++state.etag;
  for (const run of change.runs ?? []) {
    if (run.ended) tag.active.delete(run.id);
    (run.ended ? tag.ended : tag.active).set(run.id, run);
  }
  for (const row of change.digests ?? []) tag.digests.set(row.digest, { ...tag.digests.get(row.digest), ...row });
  for (const build of change.builds ?? []) {
    within(tag.builds, build.run, () => new Map<string, Build>()).set(`${build.registry}|${build.task}`, build);
  }
  if (change.lease === 'release') tag.lease = undefined;
  else if (change.lease) tag.lease = { ...change.lease.take, since: at };
  for (const blocked of change.block ?? []) tag.blocked.set(blocked.digest, blocked);
  for (const digest of change.unblock ?? []) tag.blocked.delete(digest);
  for (const entry of change.timeline ?? []) {
    within(tag.timeline, entry.run ?? '', () => [] as TimelineEntry[]).push(entry);
  }
}

function within<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** In order of key, as rows come from a table. */
export function sorted<V>(map: ReadonlyMap<string, V>): V[] {
  if (map.size < 2) return [...map.values()];
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
