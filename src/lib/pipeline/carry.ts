/** Takes a run as far as it goes without waiting, within a time budget: the one place that interprets what stages answer. */
import { messageOf, nextOf, PortError } from './errors.ts';
import { iso } from './gate.ts';
import type { Instant, Outcome, Run, Stage } from './model.ts';
import { nameOf } from './model.ts';
import { NewerSchema } from './newer-schema.ts';
import { limits } from './periods.ts';
import type { KnownSession } from './session.ts';
import { activeRun, commit, isKnown, open } from './session.ts';
import { importToStaging } from './stages/import.ts';
import { promote } from './stages/promote.ts';
import { rebuild } from './stages/rebuild.ts';
import { validate } from './stages/validate.ts';
import type { StageFunction, Step, StepChange } from './step.ts';

const stages: Record<Stage, StageFunction> = { import: importToStaging, validate, promote, rebuild };

export type Carried =
  | { readonly kind: 'waits'; readonly until: Instant; readonly why: string }
  | { readonly kind: 'parked'; readonly why: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly why: string }
  /** Somebody else has taken it on. */
  | { readonly kind: 'left' };

export async function carry(first: KnownSession, id: string): Promise<Carried> {
  const { clock, periods } = first.pipeline;
  const done = new Set<string>();
  const end = clock.monotonic() + periods.budget;
  let session = first;
  let run = activeRun(session, id);
  for (let judged = 0; run !== undefined && !run.parked; judged++) {
    if (judged > 0 && (clock.monotonic() > end || judged > limits.conflicts)) return postpone(session, run);
    const step = await stepOf(session, run, done);
    const next = await interpret(session, run, step);
    if ('kind' in next) return next;
    session = next;
    const present = activeRun(session, id);
    // A version that is not ours is somebody's who has sent a message of his own.
    if (step.kind === 'again' && present?.version !== run.version) return { kind: 'left' };
    run = present;
  }
  return { kind: 'left' };
}

async function stepOf(session: KnownSession, run: Run, done: Set<string>): Promise<Step> {
  try {
    return await stages[run.stage]({ session, run, done });
  } catch (error) {
    if (error instanceof NewerSchema) throw error;
    const advice = error instanceof PortError && error.details.advice ? `. ${error.details.advice}` : '';
    const next = nextOf(error) === 'retry' ? 'retry' : 'stall';
    return { kind: 'fail', next, why: `${messageOf(error)}${advice}` };
  }
}

async function interpret(session: KnownSession, run: Run, step: Step): Promise<KnownSession | Carried> {
  switch (step.kind) {
    case 'on':
      return step.session;
    case 'then':
      return interpret(step.session, activeRun(step.session, run.id) ?? run, step.step);
    case 'again':
      return reopen(session);
    case 'go':
      return go(session, run, step);
    case 'wait':
      return wait(session, run, step);
    case 'park':
      return park(session, run, step);
    case 'finish':
      return finish(session, run, step.outcome, step.why, step.change);
    case 'fail':
      return fail(session, run, step);
  }
}

async function reopen(session: KnownSession): Promise<KnownSession | Carried> {
  const again = await open(session.pipeline, session.tracked, session.image);
  return isKnown(again) ? again : { kind: 'left' };
}

/** Commits a changed run with its timeline entry. A run that somebody else has changed meanwhile is left to him. */
async function write(
  session: KnownSession,
  run: Run,
  to: string,
  change: StepChange | undefined,
): Promise<KnownSession | 'left' | 'again'> {
  const { run: _fields, ...draft } = change ?? {};
  const entry = { run: run.id, from: before(session, run), to, digest: run.digest, why: run.why, by: 'sluice' };
  const told = to === '' ? {} : { timeline: [entry] };
  const done = await commit(session, { ...draft, ...told, runs: [run] });
  if (done) return done;
  const now = await open(session.pipeline, session.tracked, session.image);
  return activeRun(now, run.id)?.version === run.version ? 'again' : 'left';
}

function before(session: KnownSession, run: Run): string {
  const present = activeRun(session, run.id);
  return present?.parked ? `${present.stage} (${present.parked.for})` : (present?.stage ?? '');
}

async function outcome(
  session: KnownSession,
  written: KnownSession | 'left' | 'again',
  then: (done: KnownSession) => KnownSession | Carried | Promise<Carried>,
) {
  if (written === 'left') return { kind: 'left' } as const;
  return written === 'again' ? reopen(session) : then(written);
}

async function go(session: KnownSession, run: Run, step: Extract<Step, { kind: 'go' }>) {
  const { at } = session.loaded;
  const next: Run = { ...run, tries: 0, sweeps: 0, dueAt: at, ...step.change?.run, stage: step.to, why: step.why };
  return outcome(session, await write(session, next, step.to, step.change), (done) => done);
}

/** Polls commit nothing until they are later than due by a slack; then, and where something changed, due moves. */
async function wait(session: KnownSession, run: Run, step: Extract<Step, { kind: 'wait' }>) {
  const { loaded, pipeline } = session;
  const { periods, queue } = pipeline;
  const until = Math.min(step.until, loaded.at + periods.longestWait);
  const message = (version: number) =>
    queue.send({ tracked: session.tracked, run: run.id, version }, Math.max(0, until - loaded.at));
  const waits: Carried = { kind: 'waits', until, why: step.why };
  const late = Math.max(until, loaded.at) > run.dueAt + periods.dueSlack;
  if (!late && !step.change) {
    await message(run.version);
    return waits;
  }
  const next: Run = { ...run, ...step.change?.run, dueAt: until, why: step.why };
  return outcome(
    session,
    await write(session, next, until - loaded.at > periods.dueSlack ? 'waits' : '', step.change),
    async (done) => {
      await message(activeRun(done, run.id)?.version ?? run.version + 1);
      return waits;
    },
  );
}

async function park(session: KnownSession, run: Run, step: Extract<Step, { kind: 'park' }>) {
  const since = session.loaded.at;
  const parked = { for: step.for, since, ...(step.until !== undefined && { until: step.until }) };
  const next: Run = { ...run, ...step.change?.run, parked, why: step.why };
  const written = await write(session, next, `parked (${step.for})`, step.change);
  return outcome(session, written, async () => ({ kind: 'parked', why: step.why }) as const);
}

/** Every finish releases the lease that the run may hold. */
async function finish(session: KnownSession, run: Run, how: Outcome, why: string, change?: StepChange) {
  const ended = { at: session.loaded.at, outcome: how };
  const next: Run = { ...run, ...change?.run, ended, why, parked: undefined };
  const held = session.loaded.lease?.run === run.id ? ({ lease: 'release' } as const) : {};
  return outcome(session, await write(session, next, how, { ...held, ...change }), async (done) => {
    await done.pipeline.index.end(next);
    return { kind: 'ended', outcome: how, why } as const;
  });
}

/** Tried again after a wait that doubles; after enough tries, or where it makes no sense, a human must look. */
async function fail(session: KnownSession, run: Run, step: Extract<Step, { kind: 'fail' }>) {
  const { periods } = session.pipeline;
  const tries = run.tries + 1;
  if (step.next === 'stall' || tries > limits.tries) {
    const tried = step.next === 'retry' ? ` (tried ${tries} times)` : '';
    const why = `stalled${tried}: ${step.why}`;
    return park(session, run, {
      kind: 'park',
      for: 'stalled',
      why,
      change: { ...step.change, run: { ...step.change?.run, tries } },
    });
  }
  const until = session.loaded.at + Math.min(periods.retry * 2 ** (tries - 1), periods.throttled);
  const why = `${step.why}; tried again at ${iso(until)}`;
  return wait(session, run, {
    kind: 'wait',
    until,
    why,
    change: { ...step.change, run: { ...step.change?.run, tries } },
  });
}

/** The budget is spent: another invocation goes on. */
async function postpone(session: KnownSession, run: Run): Promise<Carried> {
  await session.pipeline.queue.send({ tracked: session.tracked, run: run.id, version: run.version }, 0);
  return { kind: 'waits', until: session.loaded.at, why: `${nameOf(session.tracked)} goes on in another invocation` };
}
