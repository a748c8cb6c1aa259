/**
 * Removes what is old: runs that ended before the retention period, their unique tags in staging and target, and what
 * was known of their digests. What is promoted, what a rollback may need and what active runs work on is kept, however
 * old. A tick examines a bounded number of runs, and the next one goes on from there.
 */
import { parseRepository } from '../image/names.ts';
import { uniqueTag } from './copy.ts';
import type { History, Retention, RunPage, RunSummary } from './history.ts';
import type { Instant, TrackedTag } from './model.ts';
import { nameOf } from './model.ts';
import { limits } from './periods.ts';
import type { Loaded } from './record.ts';
import { rollbackPoints } from './rollback-points.ts';
import { runIdsFrom } from './run-id.ts';
import type { Pipeline } from './session.ts';

const examinedAtOnce = 50;

/** Where the last tick had come to is kept as drift keeps it, under a name that is no repository of an image. */
const cursor = parseRepository('sluice/retention');

export interface RetentionReport {
  readonly examined: number;
  readonly removed: number;
  readonly failures: readonly { readonly run: string; readonly error: unknown }[];
}

export async function retain(
  pipeline: Pipeline,
  history: History,
  retention: Retention,
  atOnce = examinedAtOnce,
): Promise<RetentionReport> {
  const { at } = await pipeline.index.active();
  const before = at - pipeline.periods.retention;
  const from = (await pipeline.cursors.get(cursor)) ?? 0;
  const page = await nextPage(retention, before, atOnce, from);
  const tags = new Map<string, Promise<Kept>>();
  const failures: { run: string; error: unknown }[] = [];
  let removed = 0;
  for (const run of page.runs) {
    try {
      const kept = await remembered(tags, nameOf(run.tracked), () => keptOf(pipeline, history, run.tracked));
      if (kept.whole.has(run.digest)) continue;
      await remove(pipeline, { history, retention, kept, before }, run);
      removed++;
    } catch (error) {
      failures.push({ run: run.id, error });
    }
  }
  const next = page.continue === undefined ? 0 : (page.runs.at(-1)?.createdAt ?? 0);
  if (next !== from) await pipeline.cursors.set(cursor, next);
  return { examined: page.runs.length, removed, failures };
}

/** Where all of a page began in the moment at which it starts, what comes after it would never be reached: one page more. */
async function nextPage(retention: Retention, before: Instant, atOnce: number, from: Instant): Promise<RunPage> {
  const runs: RunSummary[] = [];
  let after = from === 0 ? undefined : runIdsFrom(from);
  for (;;) {
    const page = await retention.endedBefore(before, atOnce, after);
    runs.push(...page.runs);
    const last = page.runs.at(-1);
    if (page.continue === undefined || last === undefined || last.createdAt !== from) return { ...page, runs };
    after = last.id;
  }
}

interface Kept {
  /** Digests whose runs and tags stay. */
  readonly whole: ReadonlySet<string>;
  /** Digests whose rows stay: without its row a digest in staging would be taken for somebody's push. */
  readonly rows: ReadonlySet<string>;
}

async function keptOf(pipeline: Pipeline, history: History, tracked: TrackedTag): Promise<Kept> {
  const loaded = await pipeline.store.load(tracked);
  const points = rollbackPoints(loaded, await history.digests(tracked)).slice(0, limits.rollbackPoints);
  const inUse = [...points, ...present(loaded.head?.target), ...loaded.active.flatMap(digestsOfRun)];
  const whole = new Set<string>(inUse);
  const { staging, upstream } = loaded.head ?? {};
  return { whole, rows: new Set([...whole, ...present(staging), ...present(upstream)]) };
}

function present(seen: { readonly digest: string } | undefined): string[] {
  return seen === undefined ? [] : [seen.digest];
}

function digestsOfRun({ digest, from }: Loaded['active'][number]): string[] {
  return from === undefined ? [digest] : [digest, from];
}

interface Removal {
  readonly history: History;
  readonly retention: Retention;
  readonly kept: Kept;
  readonly before: Instant;
}

/** The rows last: a removal that is cut short is found again. */
async function remove(pipeline: Pipeline, { history, retention, kept, before }: Removal, run: RunSummary) {
  const { tracked, digest } = run;
  const image = pipeline.catalog.images.find(({ name }) => name === tracked.image);
  // Of an image that has left the catalog nobody knows the repositories any more: its tags stay.
  if (image) {
    for (const repository of [image.staging, image.target]) {
      await pipeline.remover.removeTag(repository, uniqueTag(run));
    }
  }
  const row = await pipeline.store.digest(tracked, digest);
  const last = row?.lastRun === undefined || row.lastRun === run.id;
  if (last && !kept.rows.has(digest)) {
    await retention.removeDigest(tracked, digest);
    for (const verdict of await history.verdicts(digest)) {
      if (verdict.changedAt < before) await retention.removeVerdict(verdict);
    }
  }
  await retention.removeTimeline(tracked, before);
  await retention.removeRun(run);
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
