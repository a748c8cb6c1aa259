/** Takes a run as far as it goes without waiting, within a time budget: the one place that interprets what stages answer. */
import { certain } from './certain.ts';
import { failureOf } from './errors.ts';
import { iso } from './instant.ts';
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
import type { Memory, StageFunction, Step, StepChange } from './step.ts';

const stages: Record<Stage, StageFunction> = { import: importToStaging, validate, promote, rebuild };

export type Carried =
  | { readonly kind: 'waits'; readonly until: Instant; readonly why: string }
  | { readonly kind: 'parked'; readonly why: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly why: string }
  /** Somebody else has taken it on. */
  | { readonly kind: 'left' };

/** The run is active, and not parked. */
export async function carry(first: KnownSession, id: string): Promise<Carried> {
  const { clock, periods } = first.pipeline;
  const memory: Memory = { landed: new Set() };
  const end = clock.monotonic() + periods.budget;
  let session = first;
  for (let judged = 0; ; judged++) {
    const run = presentRun(session, id);
    if (judged > 0 && (clock.monotonic() > end || judged > limits.conflicts)) return postpone(session, run);
    const step = await stepOf(session, run, memory);
    const next = await interpret(session, run, step);
    if ('kind' in next) return next;
    session = next;
  }
}

/** What commits or is read here knows the run: one that somebody else has changed is left to him before. */
function presentRun(session: KnownSession, id: string): Run {
  return certain(activeRun(session, id), `run ${id} of ${nameOf(session.tracked)}`);
}

async function stepOf(session: KnownSession, run: Run, memory: Memory): Promise<Step> {
  try {
    return await stages[run.stage]({ session, run, memory });
  } catch (error) {
    if (error instanceof NewerSchema) throw error;
    return failureOf(error);
  }
}

async function interpret(session: KnownSession, run: Run, step: Step): Promise<KnownSession | Carried> {
  switch (step.kind) {
    case 'on':
      return step.session;
    case 'then':
      return interpret(step.session, presentRun(step.session, run.id), step.step);
    case 'again':
      return reopen(session, run);
    case 'go':
      return go(session, run, step);
    case 'wait':
      return wait(session, run, step);
    case 'park':
      return park(session, run, step);
    case 'finish':
      return finish(session, run, step);
    case 'fail':
      return fail(session, run, step);
  }
}

/** A version of the run that is not the one we know is somebody's who has sent a message of his own. */
async function reopen(session: KnownSession, run: Run): Promise<KnownSession | Carried> {
  const again = await open(session.pipeline, session.tracked, session.image);
  return isKnown(again) && activeRun(again, run.id)?.version === run.version ? again : { kind: 'left' };
}

type Written = { readonly done: KnownSession } | { readonly conflict: KnownSession | Carried };

/** Commits the run as it shall be, with its timeline entry. One that somebody else has changed meanwhile is left to him. */
async function write(
  session: KnownSession,
  run: Run,
  next: Run,
  to: string | undefined,
  change: StepChange | undefined,
): Promise<Written> {
  const { run: _fields, ...draft } = change ?? {};
  const entry = { run: run.id, from: run.stage, digest: run.digest, why: next.why, by: 'sluice' };
  const told = to === undefined ? {} : { timeline: [{ ...entry, to }] };
  const done = await commit(session, { ...draft, ...told, runs: [next] });
  return done ? { done } : { conflict: await reopen(session, run) };
}

async function go(session: KnownSession, run: Run, step: Extract<Step, { kind: 'go' }>) {
  const { at } = session.loaded;
  const next: Run = { ...run, tries: 0, sweeps: 0, dueAt: at, ...step.change?.run, stage: step.to, why: step.why };
  const written = await write(session, run, next, step.to, step.change);
  return 'done' in written ? written.done : written.conflict;
}

/** Polls commit nothing until they are later than due by a slack; then, and where something changed, due moves. */
async function wait(session: KnownSession, run: Run, step: Extract<Step, { kind: 'wait' }>) {
  const { loaded, pipeline } = session;
  const { dueSlack, longestWait } = pipeline.periods;
  const until = Math.min(step.until, loaded.at + longestWait);
  const delay = Math.max(0, until - loaded.at);
  let { version } = run;
  if (step.change || Math.max(until, loaded.at) > run.dueAt + dueSlack) {
    const next: Run = { ...run, ...step.change?.run, dueAt: until, why: step.why };
    const written = await write(session, run, next, delay > dueSlack ? 'waits' : undefined, step.change);
    if ('conflict' in written) return written.conflict;
    version++;
  }
  await pipeline.queue.send({ tracked: session.tracked, run: run.id, version }, delay);
  return { kind: 'waits', until, why: step.why } as const;
}

async function park(session: KnownSession, run: Run, step: Extract<Step, { kind: 'park' }>) {
  const since = session.loaded.at;
  const parked = { for: step.for, since, ...(step.until !== undefined && { until: step.until }) };
  const next: Run = { ...run, ...step.change?.run, parked, why: step.why };
  const written = await write(session, run, next, `parked (${step.for})`, step.change);
  return 'done' in written ? ({ kind: 'parked', why: step.why } as const) : written.conflict;
}

/** A run that holds the lease does not end: its stage gives the lease back first. */
async function finish(session: KnownSession, run: Run, step: Extract<Step, { kind: 'finish' }>) {
  const { outcome, why, change } = step;
  const next: Run = { ...run, ...change?.run, ended: { at: session.loaded.at, outcome }, why };
  const written = await write(session, run, next, outcome, change);
  if ('conflict' in written) return written.conflict;
  await session.pipeline.index.end(next);
  return { kind: 'ended', outcome, why } as const;
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
  const doubled = Math.min(periods.retry * 2 ** (tries - 1), periods.throttled);
  const until = session.loaded.at + Math.max(doubled, step.after ?? 0);
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
