/** The timer's look at every tracked tag upstream: one HEAD a tag, and nothing written where nothing changed. */
import pLimit from 'p-limit';
import type { Image, Upstream } from '../catalog/model.ts';
import type { Tag } from '../image/names.ts';
import { newest } from '../image/tag-pattern.ts';
import type { TrackedTag } from './model.ts';
import { nameOf } from './model.ts';
import type { Observed } from './observe.ts';
import { observeAndSend } from './observe.ts';
import { limits } from './periods.ts';
import type { ActiveRow, RunIndex, Store } from './record.ts';
import { isNewRunId } from './run-id.ts';
import type { Pipeline } from './session.ts';

export interface WatchReport {
  readonly tags: number;
  readonly changed: readonly string[];
  readonly unknown: readonly { readonly tracked: string; readonly why: string }[];
  readonly postponed: number;
  readonly failures: readonly { readonly tracked: string; readonly error: unknown }[];
}

/** Looks at once, for one upstream host: a slow one keeps only its own tags waiting. */
const looksAtOnce = 16;

export async function watchUpstream(pipeline: Pipeline): Promise<WatchReport> {
  const report = {
    tags: 0,
    changed: [] as string[],
    unknown: [] as { tracked: string; why: string }[],
    postponed: 0,
    failures: [] as { tracked: string; error: unknown }[],
  };
  const mayStart = firstImports(pipeline);
  const admit = async () => {
    const admitted = await mayStart();
    if (!admitted) report.postponed++;
    return admitted;
  };
  const hosts = new Map<string, ReturnType<typeof pLimit>>();
  const limitOf = (upstream: Upstream) => {
    const host = upstream.kind === 'oci' ? upstream.host : upstream.registry.loginServer;
    const limit = hosts.get(host) ?? pLimit(looksAtOnce);
    hosts.set(host, limit);
    return limit;
  };
  const looks = pipeline.catalog.images.map(async (image) => {
    const tags = await tagsOf(pipeline, image, report.unknown);
    report.tags += tags.length;
    await Promise.all(
      tags.map((tag) => limitOf(image.upstream)(() => lookAt(pipeline, { image: image.name, tag }, admit, report))),
    );
  });
  await Promise.all(looks);
  return report;
}

/** The tags that an image's patterns name now. Exact tags need no listing. */
export async function tagsOf(
  pipeline: Pick<Pipeline, 'upstream'>,
  image: Image,
  unknown: { tracked: string; why: string }[],
): Promise<Tag[]> {
  const tags = new Set(image.tags.flatMap((pattern) => (pattern.kind === 'exact' ? [pattern.tag] : [])));
  const patterns = image.tags.filter((pattern) => pattern.kind !== 'exact');
  if (patterns.length === 0) return [...tags];
  const listed = await pipeline.upstream.tags(image.upstream);
  if (listed.kind === 'unknown') unknown.push({ tracked: image.name, why: listed.why });
  else {
    const published = withoutUniqueTags(listed.tags);
    for (const pattern of patterns) for (const tag of newest(pattern, published)) tags.add(tag);
  }
  return [...tags];
}

/** Where upstream is a target of Sluice's own, the runs' own tags, `<tag>-<run id>`, stand beside the stable ones. */
function withoutUniqueTags(listed: readonly Tag[]): Tag[] {
  const all = new Set<string>(listed);
  return listed.filter((tag) => {
    const end = tag.lastIndexOf('-');
    return end < 0 || !isNewRunId(tag.slice(end + 1)) || !all.has(tag.slice(0, end));
  });
}

async function lookAt(
  pipeline: Pipeline,
  tracked: TrackedTag,
  admit: () => Promise<boolean>,
  report: {
    changed: string[];
    unknown: { tracked: string; why: string }[];
    failures: { tracked: string; error: unknown }[];
  },
): Promise<void> {
  const name = nameOf(tracked);
  try {
    const observed: Observed = await observeAndSend(pipeline, tracked, 'upstream', { admit });
    if (observed.kind === 'unknown') report.unknown.push({ tracked: name, why: observed.why });
    if (observed.kind === 'recorded' || observed.kind === 'started') report.changed.push(name);
  } catch (error) {
    report.failures.push({ tracked: name, error });
  }
}

/** A catalog of a thousand new tags must not start a thousand imports at once. What has been imported is no more under way. */
export function firstImports(record: ImportRecord): () => Promise<boolean> {
  let free: Promise<{ count: number }> | undefined;
  return async () => {
    free ??= importing(record).then((count) => ({ count: limits.firstImports - count }));
    const left = await free;
    left.count--;
    return left.count >= 0;
  };
}

interface ImportRecord {
  readonly index: Pick<RunIndex, 'active' | 'add'>;
  readonly store: Pick<Store, 'run'>;
}

async function importing({ index, store }: ImportRecord): Promise<number> {
  const limit = pLimit(looksAtOnce);
  const first = (await index.active()).rows.filter((row) => row.first);
  // One that cannot be read is taken for one that imports: it must not keep all others out.
  const isUnder = (row: ActiveRow) => isImporting(row, { index, store }).catch(() => true);
  const under = await Promise.all(first.map((row) => limit(() => isUnder(row))));
  return under.filter((is) => is).length;
}

/** A run that soaks for a week, or waits for an operator, must not keep other tags waiting. Its row says so from then on. */
async function isImporting({ since: _since, ...row }: ActiveRow, { index, store }: ImportRecord): Promise<boolean> {
  const run = await store.run(row.tracked, row.run);
  if (run === undefined || run.ended) return run === undefined;
  if (run.stage === 'import') return run.parked === undefined;
  await index.add({ ...row, first: false });
  return false;
}
