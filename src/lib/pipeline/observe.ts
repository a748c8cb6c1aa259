/**
 * Events, timers and requests all lead here: look at one place of a tracked tag, and start a run when it shows what is
 * not recorded. The head is read first, then the registry, and the commit is guarded by that head: the other way round
 * an old answer could overwrite a newer one.
 */
import { imageHoldFor, readBaseline } from './baseline.ts';
import type { Asker } from './begin.ts';
import { begin, sendFirst, sluice } from './begin.ts';
import type { Head, Place, Run, TrackedTag } from './model.ts';
import { nameOf } from './model.ts';
import type { Facts, Notice } from './notice.ts';
import { noticeStaging, noticeTarget, noticeUpstream } from './notice.ts';
import { limits } from './periods.ts';
import type { BufferReading } from './ports.ts';
import type { KnownSession, Pipeline, Session } from './session.ts';
import { commit, imageOf, isKnown, open } from './session.ts';

export type Observed =
  | { readonly kind: 'unchanged'; readonly why?: string }
  | { readonly kind: 'untracked' }
  | { readonly kind: 'unknown'; readonly why: string }
  /** Something was written down, and no run was needed. */
  | { readonly kind: 'recorded'; readonly why: string }
  | { readonly kind: 'started' | 'joined'; readonly run: Run; readonly session: KnownSession };

export interface Look {
  /** Absent: Sluice itself. */
  readonly asker?: Asker;
  /** A run, and a new validation, even where nothing changed. Upstream only. */
  readonly force?: boolean;
  /** Says whether one more first import may start. Where it may not, nothing happens, and a later look starts it. */
  readonly admit?: () => Promise<boolean>;
}

export async function observe(
  pipeline: Pipeline,
  tracked: TrackedTag,
  place: Place,
  look: Look = {},
): Promise<Observed> {
  const image = imageOf(pipeline.catalog, tracked);
  if (!image) return { kind: 'untracked' };
  for (let attempt = 0; attempt < limits.conflicts; attempt++) {
    const session = await open(pipeline, tracked, image);
    const answer = await observeOnce(session, place, look);
    if (answer !== 'conflict') return answer;
  }
  throw new Error(
    `Observe ${place} of ${nameOf(tracked)}: ${limits.conflicts} conflicts in a row; the next look tries again`,
  );
}

/** Observes, and sends the first message of the run that this may have started. */
export async function observeAndSend(
  pipeline: Pipeline,
  tracked: TrackedTag,
  place: Place,
  look: Look = {},
): Promise<Observed> {
  const observed = await observe(pipeline, tracked, place, look);
  if (observed.kind === 'started') await sendFirst(observed);
  return observed;
}

/** One attempt on what was loaded. `conflict`: somebody else committed meanwhile. */
async function observeOnce(session: Session, place: Place, look: Look): Promise<Observed | 'conflict'> {
  if (!isKnown(session)) {
    // Only upstream names tags: a push may be of a tag that a pattern matches by chance, our own unique tags among them.
    if (place !== 'upstream') return { kind: 'untracked' };
    const baseline = await takeBaseline(session);
    return 'loaded' in baseline ? observeOnce(baseline, place, look) : baseline.answer;
  }
  return carryOut(session, await noticeAt(session, place, look.force ?? false), look);
}

/** Reads the place as it is now: after the head, which the session has. */
async function noticeAt(session: KnownSession, place: Place, force: boolean): Promise<Notice> {
  const { pipeline, image, tracked, loaded } = session;
  switch (place) {
    case 'upstream':
      return noticeUpstream(factsOf(loaded), await pipeline.upstream.read(image.upstream, tracked.tag), force);
    case 'staging':
      return staged(session, await pipeline.buffer.readTag(image.staging, tracked.tag));
    case 'target':
      return noticeTarget(factsOf(loaded), await pipeline.buffer.readTag(image.target, tracked.tag));
  }
}

function factsOf({ head, lease, active, at }: KnownSession['loaded']): Facts {
  return { head, lease, active, now: at };
}

/** What a reading of staging means; whether its digest is known is asked only where that decides. */
export async function staged({ pipeline, tracked, loaded }: KnownSession, reading: BufferReading): Promise<Notice> {
  const unheard = noticeStaging(factsOf(loaded), reading, false);
  if (unheard.kind !== 'start') return unheard;
  const known = await pipeline.store.digest(tracked, unheard.start.digest);
  return known ? noticeStaging(factsOf(loaded), reading, true) : unheard;
}

async function carryOut(session: KnownSession, notice: Notice, look: Look): Promise<Observed | 'conflict'> {
  const { asker = sluice } = look;
  switch (notice.kind) {
    case 'nothing':
      return { ...notice, kind: 'unchanged' };
    case 'unknown':
      return notice;
    case 'record': {
      const entry = { from: '', to: 'recorded', why: notice.why, by: asker.by };
      const done = await commit(session, { head: notice.head, timeline: [entry] });
      return done ? { kind: 'recorded', why: notice.why } : 'conflict';
    }
    case 'join':
      return join(session, notice.run, notice.head, asker);
    case 'start': {
      const first = session.loaded.head.seq === 0 && notice.start.kind === 'upstream';
      if (first && look.admit && !(await look.admit())) return { kind: 'unchanged' };
      const begun = await begin(session, notice.start, notice.head, asker);
      return begun ? { kind: 'started', ...begun } : 'conflict';
    }
  }
}

/** A force joins the run of its digest that is under way. One that has passed is validated anew, one that is stalled tried again. */
async function join(
  session: KnownSession,
  run: Run,
  head: Partial<Head>,
  { by, reason }: Asker,
): Promise<Observed | 'conflict'> {
  const hasPassed = run.stage === 'promote';
  const movable = hasPassed || run.parked?.for === 'stalled';
  if (!movable || session.loaded.lease?.run === run.id) return { kind: 'joined', run, session };
  const why = hasPassed ? `forced: validated anew (${reason})` : `forced: tried again (${reason})`;
  const now = session.loaded.at;
  const stage = hasPassed ? 'validate' : run.stage;
  const fresh = { dueAt: now, parked: undefined, tries: 0, sweeps: 0, puts: 0 };
  const again: Run = { ...run, ...fresh, stage, validateAfter: now, why };
  const entry = { run: run.id, from: run.stage, to: stage, digest: run.digest, why, by };
  const done = await commit(session, { head, runs: [again], timeline: [entry] });
  if (!done) return 'conflict';
  return { kind: 'joined', run: { ...again, version: run.version + 1 }, session: done };
}

type Baseline = KnownSession | { readonly answer: Observed | 'conflict' };

/** First sight: staging and target as they are, no run, no hold. */
async function takeBaseline(session: Session): Promise<Baseline> {
  const baseline = await readBaseline(session);
  if (baseline.kind === 'unknown') return { answer: baseline };
  const hold = await imageHoldFor(session);
  const entry = { from: '', to: 'tracked', why: baseline.why, by: 'sluice' };
  const done = await commit(session, {
    head: { ...baseline.head, hold },
    digests: baseline.digests,
    timeline: [entry],
  });
  return done ?? { answer: 'conflict' };
}
