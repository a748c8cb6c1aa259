/** What the record keeps beside the tags' partitions, in memory: verdicts, the index of runs, cursors, holds of images. */
import { summaryOf } from '../../src/lib/pipeline/history.ts';
import type { Instant } from '../../src/lib/pipeline/model.ts';
import type { Cursors, ImageHolds, RunIndex, Verdicts } from '../../src/lib/pipeline/record.ts';
import type { MemoryState } from './memory-store.ts';
import { sorted } from './memory-store.ts';

export function memoryVerdicts(state: MemoryState, now: () => Instant): Verdicts {
  return {
    get(digest, validation) {
      state.reads++;
      const row = state.verdicts.get(`${digest}|${validation}`);
      if (!row) return Promise.resolve({ value: undefined, at: now() });
      return Promise.resolve({ value: row.verdict, etag: String(row.etag), at: now() });
    },
    put(verdict, etag) {
      const key = `${verdict.digest}|${verdict.validation}`;
      const row = state.verdicts.get(key);
      if ((row && String(row.etag)) !== etag) return Promise.resolve(undefined);
      state.writes++;
      state.verdicts.set(key, { verdict: { ...verdict, changedAt: now() }, etag: ++state.etag });
      return Promise.resolve(String(state.etag));
    },
  };
}

export function memoryIndex(state: MemoryState, now: () => Instant): RunIndex {
  return {
    add(row) {
      state.writes++;
      state.active.set(row.run, { ...row, since: now() });
      return Promise.resolve();
    },
    end(run) {
      state.writes++;
      state.active.delete(run.id);
      state.ended.set(run.id, summaryOf(run));
      return Promise.resolve();
    },
    drop(run) {
      if (state.active.delete(run)) state.writes++;
      return Promise.resolve();
    },
    active() {
      state.reads++;
      return Promise.resolve({ rows: sorted(state.active), at: now() });
    },
  };
}

export function memoryCursors(state: MemoryState): Cursors {
  return {
    get(repository) {
      state.reads++;
      return Promise.resolve(state.cursors.get(repository));
    },
    set(repository, at) {
      state.writes++;
      state.cursors.set(repository, at);
      return Promise.resolve();
    },
  };
}

export function memoryImageHolds(state: MemoryState): ImageHolds {
  return {
    get(image) {
      state.reads++;
      return Promise.resolve(state.holds.get(image));
    },
    set(image, hold) {
      state.writes++;
      if (hold) state.holds.set(image, hold);
      else state.holds.delete(image);
      return Promise.resolve();
    },
  };
}
