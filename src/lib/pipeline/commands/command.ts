/** What every command of an operator shares: who and why, what it answers, and judging anew when somebody was faster. */
import type { Digest } from '../../image/digest.ts';
import type { Act, Outcome, Run, TimelineEntry, TrackedTag } from '../model.ts';
import { nameOf } from '../model.ts';
import { limits } from '../periods.ts';
import type { KnownSession, Pipeline } from '../session.ts';
import { activeRun, imageOf, isKnown, open } from '../session.ts';

/** Who asks, and why. */
export interface Caller {
  readonly by: string;
  readonly reason: string;
}

export type Answer =
  | { readonly kind: 'done'; readonly why: string; readonly run?: string }
  /** It is so already. */
  | { readonly kind: 'nothing'; readonly why: string; readonly run?: string }
  /** It cannot apply to the state that was found. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'missing'; readonly why: string };

export type Attempt = (session: KnownSession, act: Act) => Promise<Answer | 'conflict'>;

/** Each attempt judges what it has loaded, and commits once. */
export async function command(
  pipeline: Pipeline,
  tracked: TrackedTag,
  caller: Caller,
  attempt: Attempt,
): Promise<Answer> {
  const image = imageOf(pipeline.catalog, tracked);
  if (!image) return { kind: 'missing', why: `${nameOf(tracked)} is not in the catalog` };
  for (let tried = 0; tried < limits.conflicts; tried++) {
    const session = await open(pipeline, tracked, image);
    if (!isKnown(session)) return { kind: 'missing', why: `${nameOf(tracked)} was never looked at; reimport it first` };
    const answer = await attempt(session, { ...caller, at: session.loaded.at });
    if (answer !== 'conflict') return answer;
  }
  throw new Error(`Command on ${nameOf(tracked)}: ${limits.conflicts} conflicts in a row; try again`);
}

/** A command on one run; one that has ended says how it ended. `ends`: how the command itself ends it. */
export async function commandOnRun(
  pipeline: Pipeline,
  tracked: TrackedTag,
  id: string,
  caller: Caller,
  attempt: (session: KnownSession, run: Run, act: Act) => Promise<Answer | 'conflict'>,
  ends?: Outcome,
): Promise<Answer> {
  return command(pipeline, tracked, caller, async (session, act) => {
    const run = activeRun(session, id);
    if (run) return attempt(session, run, act);
    const past = await pipeline.store.run(tracked, id);
    if (!past?.ended) return { kind: 'missing', why: `there is no run ${id} of ${nameOf(tracked)}` };
    const why = `run ${id} has ended: ${past.ended.outcome} (${past.why})`;
    return past.ended.outcome === ends ? { kind: 'nothing', why, run: id } : { kind: 'refused', why };
  });
}

export function entryOf(
  run: Run,
  to: string,
  { by, reason }: Act,
  digest: Digest = run.digest,
): Omit<TimelineEntry, 'at'> {
  const from = run.parked ? `${run.stage} (${run.parked.for})` : run.stage;
  return { run: run.id, from, to, digest, why: reason, by };
}

/** The run goes on at once: its message is sent after the commit that woke it. */
export async function send(session: KnownSession, id: string): Promise<void> {
  const run = activeRun(session, id);
  if (run) await session.pipeline.queue.send({ tracked: session.tracked, run: id, version: run.version }, 0);
}

export function woken(run: Run, act: Act): Run {
  return { ...run, parked: undefined, dueAt: act.at };
}

export function holdsLease({ loaded }: KnownSession, run: Run): boolean {
  return loaded.lease?.run === run.id;
}

/** What an operator can do about a run whose put may be under way, or has landed. */
export function instead({ parked }: Run): string {
  return parked ? 'retry it first' : 'roll back instead';
}
