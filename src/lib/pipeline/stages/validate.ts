/**
 * Every entry of the catalog's validation must pass, in order. The verdict of (digest, entry) is a row of its own, shared
 * by all tags: of two workers, or two tags with one digest, one schedules.
 */
import { createHash } from 'node:crypto';
import type { Image, ValidationEntry } from '../../catalog/model.ts';
import { shortDigest } from '../../image/digest.ts';
import type { Tag } from '../../image/names.ts';
import { iso } from '../instant.ts';
import type { Instant, Verdict } from '../model.ts';
import type { Periods } from '../periods.ts';
import { limits } from '../periods.ts';
import type { TaskRunInfo, ValidationRunner } from '../ports.ts';
import type { Verdicts } from '../record.ts';
import type { StageContext, StageFunction, Step } from '../step.ts';
import { recovered } from '../step.ts';
import { classify } from '../verdict.ts';
import { supersededBeforeValidation } from './import.ts';

type Row = Awaited<ReturnType<Verdicts['get']>>;
type Known = Extract<Row, { etag: string }>;
/** `changed`: the row is another now; look again. */
type EntryAnswer = 'passed' | 'changed' | Step;

/** Names the validation of one entry: the SHA-256 of what would be sent. `tag` counts only where the entry uses it. */
function validationOf(entry: ValidationEntry, tag: Tag, runner: Pick<ValidationRunner, 'describe'>): string {
  return sha256(runner.describe(entry, tag));
}

/** Names all that an image's digests must pass. */
export function validationOfImage(image: Image, tag: Tag, runner: Pick<ValidationRunner, 'describe'>): string {
  return sha256(image.validate.map((entry) => validationOf(entry, tag, runner)).join('\n'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export const validate: StageFunction = async (context) => {
  const { session, run } = context;
  const { image, loaded, pipeline } = session;
  for (const [position, entry] of image.validate.entries()) {
    const answer = await validateEntry(context, entry, position);
    if (answer !== 'passed') return answer;
  }
  const count = image.validate.length;
  return {
    kind: 'go',
    to: 'promote',
    why:
      count === 0
        ? 'the catalog asks for no validation'
        : `${shortDigest(run.digest)} passed ${count} of ${count} validations`,
    change: {
      head: { validatedSeq: Math.max(loaded.head.validatedSeq, run.seq) },
      run: {
        validation: validationOfImage(image, session.tracked.tag, pipeline.validations),
        passedAt: loaded.at,
        operation: undefined,
      },
    },
  };
};

async function validateEntry(
  context: StageContext,
  entry: ValidationEntry,
  position: number,
): Promise<Exclude<EntryAnswer, 'changed'>> {
  const { session, run } = context;
  const validation = validationOf(entry, session.tracked.tag, session.pipeline.validations);
  for (let look = 0; look < limits.conflicts; look++) {
    const row = await session.pipeline.verdicts.get(run.digest, validation);
    const first = position === 0 && row.value === undefined;
    const why = first ? supersededBeforeValidation(session.loaded.head, run) : undefined;
    if (why) return { kind: 'finish', outcome: 'superseded', why };
    const answer = await judgeRow(context, entry, validation, row);
    if (answer !== 'changed') return answer;
  }
  return { kind: 'fail', next: 'retry', why: 'the verdict changes faster than it can be read' };
}

/** The verdict row is the state machine; each of its states is left by one function. */
async function judgeRow(
  context: StageContext,
  entry: ValidationEntry,
  validation: string,
  row: Row,
): Promise<EntryAnswer> {
  if (row.value === undefined) return ask(context, entry, validation, row);
  const { value } = row;
  switch (value.state) {
    case 'intent':
    case 'running':
      if (value.taskRun === undefined) return resumeIntent(context, entry, row);
      return poll(context, entry, row, value.taskRun);
    case 'passed':
      return isTooOld(context, value) ? ask(context, entry, validation, row) : 'passed';
    case 'rejected':
      if (isTooOld(context, value)) return ask(context, entry, validation, row);
      return { kind: 'finish', outcome: 'rejected', why: value.why };
    case 'failed':
      if (isTooOld(context, value) || value.attempts < limits.generations) return ask(context, entry, validation, row);
      return {
        kind: 'fail',
        next: 'stall',
        why: `no verdict after ${value.attempts} task runs, the last: ${value.why}`,
      };
  }
}

/** A forced run wants a verdict that was asked for after itself. */
function isTooOld({ run }: StageContext, { askedAt }: Verdict): boolean {
  return run.validateAfter !== undefined && askedAt < run.validateAfter;
}

/** Intent first, then the task run, then its handle: a crash in between is seen by whoever looks next. */
async function ask(context: StageContext, entry: ValidationEntry, validation: string, row: Row): Promise<EntryAnswer> {
  const { session, run } = context;
  const { verdicts, ids } = session.pipeline;
  const before = row.value;
  const again = before !== undefined && !isTooOld(context, before);
  const intent: Omit<Verdict, 'changedAt'> = {
    digest: run.digest,
    validation,
    state: 'intent',
    token: ids.nonce(),
    generation: (before?.generation ?? 0) + 1,
    attempts: again ? before.attempts + 1 : 1,
    askedAt: row.at,
    askedBy: run.id,
    why: again ? `asked for again: ${before.why}` : 'asked for',
  };
  const readAt = session.pipeline.clock.monotonic();
  const etag = await verdicts.put(intent, before === undefined ? undefined : (row as Known).etag);
  if (etag === undefined) return 'changed';
  return schedule(context, entry, intent, etag, readAt);
}

async function schedule(
  context: StageContext,
  entry: ValidationEntry,
  intent: Omit<Verdict, 'changedAt'>,
  etag: string,
  readAt: number,
): Promise<EntryAnswer> {
  const { session, run } = context;
  const { pipeline, image, tracked } = session;
  // Whoever looks next takes the intent for lost after a while, so nothing may be sent long after it was written.
  if (pipeline.clock.monotonic() - readAt > pipeline.periods.effectAfterRead) return 'changed';
  const job = {
    entry,
    repository: image.staging,
    digest: run.digest,
    tag: tracked.tag,
    run: run.id,
    token: intent.token,
  };
  const answer = await pipeline.validations.schedule(job);
  if (answer.kind === 'failed') {
    const why = `the validation could not be started: ${answer.why}`;
    // It never ran, so it is no attempt: the run's own tries bound this.
    await pipeline.verdicts.put({ ...intent, state: 'failed', attempts: intent.attempts - 1, why }, etag);
    return { kind: 'fail', next: answer.next, why };
  }
  const running = { ...intent, state: 'running', taskRun: answer.taskRun, why: `task run ${answer.taskRun}` } as const;
  await pipeline.verdicts.put(running, etag);
  return wait(context, `validating ${shortDigest(run.digest)}: task run ${answer.taskRun}`);
}

/** An intent without a handle: its task run is looked for by its token, and only then asked for again. */
async function resumeIntent(context: StageContext, entry: ValidationEntry, row: Known): Promise<EntryAnswer> {
  const { pipeline } = context.session;
  const { value, at, etag } = row as Known & { value: Verdict };
  const old = value.changedAt + pipeline.periods.intentOld;
  if (at < old)
    return {
      kind: 'wait',
      until: Math.min(old, at + pipeline.periods.poll),
      why: `a validation is being started since ${iso(value.changedAt)}`,
    };
  const found = await pipeline.validations.findByToken(value.token, value.askedAt - pipeline.periods.clockSkew);
  if (found !== undefined) {
    await pipeline.verdicts.put(
      { ...value, state: 'running', taskRun: found, why: `task run ${found}, found by its token` },
      etag,
    );
    return 'changed';
  }
  // Not found may also mean that the service does not tell: a validation twice is harmless.
  const again = {
    ...value,
    token: pipeline.ids.nonce(),
    generation: value.generation + 1,
    askedAt: at,
    why: 'asked for again: the start was lost',
  };
  const readAt = pipeline.clock.monotonic();
  const next = await pipeline.verdicts.put(again, etag);
  return next === undefined ? 'changed' : schedule(context, entry, again, next, readAt);
}

async function poll(context: StageContext, entry: ValidationEntry, row: Known, taskRun: string): Promise<EntryAnswer> {
  const { pipeline } = context.session;
  const { value, at, etag } = row as Known & { value: Verdict };
  const info = await pipeline.validations.get(taskRun);
  const open = info && underWay(info, value.changedAt, entry, pipeline.periods);
  if (open) {
    if (at < open.until) return wait(context, `validating: task run ${taskRun} ${open.why}`);
    await pipeline.validations.cancel(taskRun);
  }
  const ended = open ? undefined : info;
  const logEnd = ended && ended.status !== 'succeeded' ? await pipeline.validations.logEnd(taskRun) : '';
  await pipeline.verdicts.put({ ...value, ...classify(taskRun, ended, logEnd), ...(logEnd && { logEnd }) }, etag);
  return 'changed';
}

/** How long a task run that has not ended is waited for. Its own timeout counts from its start, however long it queued. */
function underWay(
  { status, createdAt, startedAt }: TaskRunInfo,
  askedAt: Instant,
  { timeoutSeconds }: ValidationEntry,
  { queued, validationSlack }: Periods,
): { readonly until: Instant; readonly why: string } | undefined {
  if (status === 'queued') {
    const until = askedAt + queued;
    return { until, why: `is queued since ${iso(createdAt)}, and given up at ${iso(until)}` };
  }
  if (status !== 'running') return undefined;
  return { until: (startedAt ?? askedAt) + timeoutSeconds * 1000 + validationSlack, why: 'is running' };
}

function wait({ session, run }: StageContext, why: string): Step {
  const until = session.loaded.at + session.pipeline.periods.poll;
  return { kind: 'wait', until, why, ...recovered(run) };
}
