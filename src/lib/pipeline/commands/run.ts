/** Cancel ends a run; retry takes a stalled one up again at its stage; reimport looks upstream now. */
import { endRun } from '../end-run.ts';
import type { Act, Run, TrackedTag } from '../model.ts';
import { nameOf } from '../model.ts';
import { observe } from '../observe.ts';
import type { KnownSession, Pipeline } from '../session.ts';
import { commit } from '../session.ts';
import type { Answer, Caller } from './command.ts';
import { commandOnRun, entryOf, holdsLease, instead, send, woken } from './command.ts';

export async function cancel(pipeline: Pipeline, tracked: TrackedTag, id: string, caller: Caller): Promise<Answer> {
  const attempt = async (session: KnownSession, run: Run, act: Act): Promise<Answer | 'conflict'> => {
    if (holdsLease(session, run)) return { kind: 'refused', why: `run ${id} is moving the target: ${instead(run)}` };
    const why = `cancelled by ${act.by}: ${act.reason}`;
    const done = await endRun(session, run, { outcome: 'cancelled', why, act });
    return done ? { kind: 'done', why, run: id } : 'conflict';
  };
  return commandOnRun(pipeline, tracked, id, caller, attempt, 'cancelled');
}

export async function retry(pipeline: Pipeline, tracked: TrackedTag, id: string, caller: Caller): Promise<Answer> {
  return commandOnRun(pipeline, tracked, id, caller, async (session, run, act) => {
    if (run.parked?.for !== 'stalled') return { kind: 'refused', why: `run ${id} is not stalled: ${run.why}` };
    const again: Run = {
      ...woken(run, act),
      tries: 0,
      puts: 0,
      sweeps: 0,
      why: `tried again by ${act.by}: ${act.reason}`,
      // Task runs that ended without a verdict are not asked again for it.
      ...(run.stage === 'validate' && { validateAfter: act.at }),
    };
    const done = await commit(session, { runs: [again], timeline: [entryOf(run, run.stage, act)] });
    if (!done) return 'conflict';
    await send(done, id);
    return { kind: 'done', why: again.why, run: id };
  });
}

/** Looks upstream now; `force` makes a run, and a new validation, even where nothing changed. */
export async function reimport(
  pipeline: Pipeline,
  tracked: TrackedTag,
  caller: Caller,
  force: boolean,
): Promise<Answer> {
  const observed = await observe(pipeline, tracked, 'upstream', { force, asker: caller });
  switch (observed.kind) {
    case 'started':
    case 'joined':
      await send(observed.session, observed.run.id);
      return { kind: 'done', why: `run ${observed.run.id}: ${observed.run.why}`, run: observed.run.id };
    case 'recorded':
      return { kind: 'nothing', why: observed.why };
    case 'unchanged':
      return { kind: 'nothing', why: observed.why ?? `upstream shows nothing new for ${nameOf(tracked)}` };
    case 'unknown':
      return { kind: 'refused', why: `upstream could not be read: ${observed.why}` };
    case 'untracked':
      return { kind: 'missing', why: `${nameOf(tracked)} is not in the catalog` };
  }
}
