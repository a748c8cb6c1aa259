/** A push event is a hint: it names what to look at, and nothing that it says is believed. */
import type { Catalog, Image, Registry } from '../catalog/model.ts';
import type { Repository, Tag } from '../image/names.ts';
import { matches } from '../image/tag-pattern.ts';
import { carry } from './carry.ts';
import { explain } from './errors.ts';
import type { Place, TrackedTag } from './model.ts';
import { nameOf } from './model.ts';
import { type Observed, observe } from './observe.ts';
import type { KnownSession, Pipeline } from './session.ts';
import { tagsOf } from './watch.ts';

export interface Push {
  /** The registry, by its ARM resource id or by its login server. */
  readonly registry: { readonly resourceId?: string; readonly loginServer?: string };
  readonly repository: Repository;
  readonly tag: Tag;
}

export interface Concerned {
  readonly image: Image;
  readonly tracked: TrackedTag;
  readonly place: Place;
}

/** What is tracked there: one repository can be the upstream of several images. */
export function concernedBy(catalog: Catalog, push: Push): readonly Concerned[] {
  const inBuffer = isOf(catalog.buffer, push);
  return catalog.images.flatMap((image) => {
    if (!image.tags.some((pattern) => matches(pattern, push.tag))) return [];
    const tracked = { image: image.name, tag: push.tag };
    const places: Place[] = [];
    if (isUpstream(image, push)) places.push('upstream');
    if (inBuffer && image.staging === push.repository) places.push('staging');
    if (inBuffer && image.target === push.repository) places.push('target');
    return places.map((place) => ({ image, tracked, place }));
  });
}

function isUpstream({ upstream }: Image, push: Push): boolean {
  return upstream.kind === 'acr' && upstream.repository === push.repository && isOf(upstream.registry, push);
}

/** ARM ids and host names are compared without regard to case. */
function isOf(registry: Registry, { registry: { resourceId, loginServer } }: Push): boolean {
  if (resourceId !== undefined) return resourceId.toLowerCase() === registry.resourceId.toLowerCase();
  return loginServer?.toLowerCase() === registry.loginServer.toLowerCase();
}

/** Event Grid gives up waiting for an answer after 30 s, and sends the event again: all that a push concerns shares this. */
const longestCarry = 20_000;

export type Looked = Concerned & { readonly observed: Observed };

/** Looks at each place, and carries the runs that start. Throws where one could not be looked at: the event comes again. */
export async function observePush(pipeline: Pipeline, concerned: readonly Concerned[]): Promise<readonly Looked[]> {
  const { periods } = pipeline;
  const budget = Math.min(periods.budget, longestCarry / concerned.length);
  const hurried = { ...pipeline, periods: { ...periods, budget } };
  const looked: Looked[] = [];
  for (const each of concerned) looked.push({ ...each, observed: await lookAt(hurried, each) });
  const failed = looked.find(({ observed }) => observed.kind === 'unknown');
  if (failed?.observed.kind === 'unknown') {
    throw new Error(`Looking at ${failed.place} of ${nameOf(failed.tracked)}: ${failed.observed.why}`);
  }
  return looked;
}

async function lookAt(pipeline: Pipeline, { image, tracked, place }: Concerned): Promise<Observed> {
  if (place === 'upstream' && !(await isFollowed(pipeline, image, tracked))) return { kind: 'untracked' };
  const observed = await observe(pipeline, tracked, place);
  if (observed.kind === 'started') await goOn(observed.session, observed.run.id);
  return observed;
}

/** A pattern follows only the newest of the tags that it matches; a tag that was followed once is known by its head. */
async function isFollowed(pipeline: Pipeline, image: Image, tracked: TrackedTag): Promise<boolean> {
  if (image.tags.some((pattern) => pattern.kind === 'exact' && pattern.tag === tracked.tag)) return true;
  if ((await pipeline.store.load(tracked)).head !== undefined) return true;
  const unknown: { tracked: string; why: string }[] = [];
  const followed = await tagsOf(pipeline, image, unknown);
  if (unknown[0]) throw new Error(`Listing the upstream tags of ${image.name}: ${unknown[0].why}`);
  return followed.includes(tracked.tag);
}

/** A run that exists must not depend on this invocation: where it cannot go on, it gets its message. */
async function goOn(session: KnownSession, id: string): Promise<void> {
  const { pipeline, tracked } = session;
  try {
    await carry(session, id);
  } catch (error) {
    // It may have come far: a message about the version that it began with would be dropped.
    const { active } = await pipeline.store.load(tracked);
    const present = active.find((run) => run.id === id && !run.parked);
    if (present) await pipeline.queue.send({ tracked, run: id, version: present.version }, 0);
    throw new Error(`Carrying run ${id} of ${nameOf(tracked)}: ${explain(error)}; it goes on by a message`, {
      cause: error,
    });
  }
}
