/**
 * Finds moves in staging and target whose events were lost, by listing tags, those moved last first, up to where the
 * last look had come: its cost grows with what moved, never with the number of tags.
 */
import { createHash } from 'node:crypto';
import type { Image } from '../catalog/model.ts';
import type { Repository } from '../image/names.ts';
import type { Instant, Place } from './model.ts';
import { nameOf } from './model.ts';
import type { Observed } from './observe.ts';
import { observeAndSend } from './observe.ts';
import type { ListedTag } from './ports.ts';
import type { Pipeline } from './session.ts';
import { imageOf } from './session.ts';

export interface DriftReport {
  readonly pages: number;
  readonly looked: number;
  readonly found: readonly { readonly tracked: string; readonly place: Place; readonly observed: Observed }[];
  readonly failures: readonly { readonly repository: string; readonly error: unknown }[];
}

export async function drift(pipeline: Pipeline): Promise<DriftReport> {
  const report = {
    pages: 0,
    looked: 0,
    found: [] as DriftReport['found'][number][],
    failures: [] as DriftReport['failures'][number][],
  };
  for (const image of pipeline.catalog.images) {
    for (const place of ['staging', 'target'] as const) {
      const repository = place === 'staging' ? image.staging : image.target;
      await driftOf(pipeline, image, place, repository, report).catch((error: unknown) =>
        report.failures.push({ repository, error }),
      );
    }
  }
  return report;
}

async function driftOf(
  pipeline: Pipeline,
  image: Image,
  place: 'staging' | 'target',
  repository: Repository,
  report: { pages: number; looked: number; found: DriftReport['found'][number][] },
): Promise<void> {
  const key = cursorKey(repository, image);
  const cursor = await pipeline.cursors.get(key);
  const from = cursor === undefined ? 0 : cursor - pipeline.periods.driftOverlap;
  let newest: Instant = cursor ?? 0;
  let unsettled = Number.POSITIVE_INFINITY;
  for await (const page of pipeline.buffer.tagsByTime(repository)) {
    report.pages++;
    for (const listed of page.filter(({ at }) => at >= from)) {
      newest = Math.max(newest, listed.at);
      const settled = await lookAt(pipeline, image, place, listed, report);
      if (!settled) unsettled = Math.min(unsettled, listed.at);
    }
    if (page.some(({ at }) => at < from)) break;
  }
  // Only after all that was listed has been looked at: a crash in between looks again.
  const reached = Math.max(cursor ?? 0, Math.min(newest, unsettled));
  if (reached !== (cursor ?? 0)) await pipeline.cursors.set(key, reached);
}

/** A tag that comes back into the catalog may have moved while nobody looked: other tags, another cursor. */
function cursorKey(repository: Repository, { name, tags }: Image): string {
  const tracked = createHash('sha256').update(JSON.stringify([name, tags]));
  return `${repository}@${tracked.digest('hex').slice(0, 12)}`;
}

/** False: it is news that a run under way keeps from being judged yet, so that the cursor must not pass it. */
async function lookAt(
  pipeline: Pipeline,
  image: Image,
  place: 'staging' | 'target',
  listed: ListedTag,
  report: { looked: number; found: DriftReport['found'][number][] },
): Promise<boolean> {
  const tracked = { image: image.name, tag: listed.tag };
  if (!imageOf(pipeline.catalog, tracked)) return true;
  report.looked++;
  const { head } = await pipeline.store.load(tracked);
  const recorded = head?.[place];
  const isOld = recorded?.digest === listed.digest || listed.at < (recorded?.at ?? 0);
  if (head === undefined || (isOld && head.unsettled === undefined)) return true;
  const observed = await observeAndSend(pipeline, tracked, place);
  if (observed.kind === 'unknown')
    throw new Error(`Reading ${repositoryOf(image, place)} of ${nameOf(tracked)}: ${observed.why}`);
  if (observed.kind !== 'unchanged') report.found.push({ tracked: nameOf(tracked), place, observed });
  return observed.kind !== 'unchanged';
}

function repositoryOf(image: Image, place: 'staging' | 'target'): Repository {
  return place === 'staging' ? image.staging : image.target;
}
