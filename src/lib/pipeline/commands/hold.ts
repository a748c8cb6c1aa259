/** Hold: upstream changes are staged and validated, but not promoted. Resume: the newest that passed is promoted. */
import { heldOver, isHeld, isSame } from '../holds.ts';
import { iso } from '../instant.ts';
import type { Instant, TrackedTag } from '../model.ts';
import { nameOf } from '../model.ts';
import type { Pipeline } from '../session.ts';
import { commit } from '../session.ts';
import type { Answer, Caller } from './command.ts';
import { command, entryOf, send, woken } from './command.ts';

/** A transaction holds 100 rows; the sweep wakes the rest. */
const wokenAtOnce = 40;

export async function hold(pipeline: Pipeline, tracked: TrackedTag, caller: Caller, until?: Instant): Promise<Answer> {
  return command(pipeline, tracked, caller, async (session, act) => {
    const before = session.loaded.head.hold;
    const asked = { ...act, ...(until !== undefined && { until }) };
    if (isSame(before, asked)) return { kind: 'nothing', why: `${nameOf(tracked)} is held already: ${act.reason}` };
    const held = heldOver(before, asked);
    const end = held.until === undefined ? 'until resumed' : `until ${iso(held.until)}`;
    const why = `${nameOf(tracked)} is held ${end}: ${held.reason}`;
    const timeline = [{ from: '', to: 'held', why, by: act.by }];
    const done = await commit(session, { head: { hold: held }, timeline });
    return done ? { kind: 'done', why } : 'conflict';
  });
}

export async function resume(pipeline: Pipeline, tracked: TrackedTag, caller: Caller): Promise<Answer> {
  return command(pipeline, tracked, caller, async (session, act) => {
    const { head, active, at } = session.loaded;
    const waiting = active.filter((run) => run.parked?.for === 'hold');
    if (!isHeld(head.hold, at) && waiting.length === 0)
      return { kind: 'nothing', why: `${nameOf(tracked)} is not held` };
    // The newest first: of those that may go now, only it is promoted.
    const wake = [...waiting].sort((a, b) => b.seq - a.seq).slice(0, wokenAtOnce);
    const why = `${nameOf(tracked)} is resumed: ${act.reason}`;
    const done = await commit(session, {
      head: { hold: undefined },
      runs: wake.map((run) => woken(run, act)),
      timeline: [{ from: 'held', to: 'resumed', why, by: act.by }, ...wake.map((run) => entryOf(run, 'resumed', act))],
    });
    if (!done) return 'conflict';
    for (const { id } of wake) await send(done, id);
    return { kind: 'done', why, ...(wake[0] && { run: wake[0].id }) };
  });
}

/** Every known tag of the image, and, by a row of the image's own, those that appear while it stands. */
export async function holdImage(
  pipeline: Pipeline,
  image: string,
  tags: readonly TrackedTag[],
  caller: Caller,
  until?: Instant,
): Promise<Answer> {
  const at = (await pipeline.index.active()).at;
  const before = await pipeline.imageHolds.get(image);
  const asked = { ...caller, at, ...(until !== undefined && { until }) };
  if (!isSame(before, asked)) await pipeline.imageHolds.set(image, heldOver(before, asked));
  for (const tracked of tags) await hold(pipeline, tracked, caller, until);
  return { kind: 'done', why: `${image} is held (${countOf(tags)}): ${caller.reason}` };
}

export async function resumeImage(
  pipeline: Pipeline,
  image: string,
  tags: readonly TrackedTag[],
  caller: Caller,
): Promise<Answer> {
  const whole = await pipeline.imageHolds.get(image);
  if (whole) await pipeline.imageHolds.set(image, undefined);
  const answers: Answer[] = [];
  for (const tracked of tags) answers.push(await resume(pipeline, tracked, caller));
  const resumed = answers.filter(({ kind }) => kind === 'done').length;
  if (!whole && resumed === 0) return { kind: 'nothing', why: `neither ${image} nor any of its tags is held` };
  return { kind: 'done', why: `${image} is resumed (${resumed} of ${countOf(tags)} held): ${caller.reason}` };
}

function countOf({ length }: readonly TrackedTag[]): string {
  return length === 1 ? '1 tag' : `${length} tags`;
}
