/** What pages and retention read and remove, on the store in memory. */
import type { History, Retention, RunPage, RunQuery, RunSummary } from '../../src/lib/pipeline/history.ts';
import { summaryOf } from '../../src/lib/pipeline/history.ts';
import type { Instant, TrackedTag } from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import type { MemoryState } from './memory-store.ts';
import { loadedOf, sorted } from './memory-store.ts';

export function memoryHistory(state: MemoryState, now: () => Instant): History {
  const tagOf = (tracked: TrackedTag) => state.tags.get(nameOf(tracked));
  return {
    runs: (query) => Promise.resolve(page(state, query)),
    find: (run) => Promise.resolve(state.active.get(run)?.tracked ?? state.ended.get(run)?.tracked),
    timeline: (tracked, run) => Promise.resolve([...(tagOf(tracked)?.timeline.get(run ?? '') ?? [])]),
    heads(images) {
      const tags = sorted(state.tags).filter((tag) => tag.head && images.includes(tag.tracked.image));
      return Promise.resolve({
        tags: tags.map((tag) => ({ ...loadedOf(tag, now()), tracked: tag.tracked })),
        newer: [],
      });
    },
    verdicts: (digest) =>
      Promise.resolve(
        sorted(state.verdicts)
          .map((row) => row.verdict)
          .filter((verdict) => verdict.digest === digest),
      ),
    digests: (tracked) => Promise.resolve(sorted(tagOf(tracked)?.digests ?? new Map())),
  };
}

function page(state: MemoryState, query: RunQuery): RunPage {
  const known = [
    ...(query.state === 'ended' || query.outcome !== undefined ? [] : activeOf(state)),
    ...(query.state === 'active' ? [] : endedOf(state)),
  ];
  const unique = new Map(known.map((run) => [run.id, run]));
  const runs = sorted(unique)
    .reverse()
    .filter((run) => matches(run, query) && (query.continue === undefined || run.id < query.continue));
  return pageOf(runs, query.top);
}

function pageOf(runs: readonly RunSummary[], top: number): RunPage {
  const shown = runs.slice(0, top);
  const last = shown.at(-1);
  return { runs: shown, ...(last && runs.length > top ? { continue: last.id } : {}) };
}

function activeOf(state: MemoryState): RunSummary[] {
  return [...state.active.values()].flatMap((row) => {
    const tag = state.tags.get(nameOf(row.tracked));
    const run = tag?.active.get(row.run) ?? tag?.ended.get(row.run);
    return run ? [summaryOf(run)] : [];
  });
}

function endedOf(state: MemoryState): RunSummary[] {
  return [...state.ended.values()];
}

function matches(run: RunSummary, query: RunQuery): boolean {
  return (
    (query.image === undefined || run.tracked.image === query.image) &&
    (query.image === undefined || query.tag === undefined || run.tracked.tag === query.tag) &&
    (query.outcome === undefined || run.ended?.outcome === query.outcome)
  );
}

export function memoryRetention(state: MemoryState): Retention {
  return {
    endedBefore(before, top, after = '') {
      const runs = sorted(state.ended).filter((run) => run.id > after && run.ended && run.ended.at < before);
      return Promise.resolve(pageOf(runs, top));
    },
    removeRun(run) {
      const tag = state.tags.get(nameOf(run.tracked));
      tag?.ended.delete(run.id);
      tag?.timeline.delete(run.id);
      tag?.builds.delete(run.id);
      state.ended.delete(run.id);
      return Promise.resolve();
    },
    removeDigest(tracked, digest) {
      state.tags.get(nameOf(tracked))?.digests.delete(digest);
      return Promise.resolve();
    },
    removeTimeline(tracked, before) {
      const timeline = state.tags.get(nameOf(tracked))?.timeline;
      const kept = timeline?.get('')?.filter((entry) => entry.at >= before);
      if (kept) timeline?.set('', kept);
      return Promise.resolve();
    },
    async *verdictsBefore(before) {
      yield sorted(state.verdicts).flatMap(({ verdict }) => (verdict.changedAt < before ? [verdict] : []));
    },
    removeVerdict(verdict) {
      const key = `${verdict.digest}|${verdict.validation}`;
      if (state.verdicts.get(key)?.verdict.changedAt === verdict.changedAt) state.verdicts.delete(key);
      return Promise.resolve();
    },
  };
}
