/**
 * Brings a digest under the run's own tag into a repository of the buffer. That tag is unique and never overwritten, so
 * a copy may be started twice, hang, or land late without harm: what counts is that the tag shows the digest.
 */
import { shortDigest } from '../image/digest.ts';
import type { Repository, Tag } from '../image/names.ts';
import { parseTag } from '../image/names.ts';
import type { Operation, Run } from './model.ts';
import { forgotten } from './notice.ts';
import type { ImportRequest, ImportState } from './ports.ts';
import { isStale, type KnownSession, type Pipeline } from './session.ts';
import type { StageContext, Step } from './step.ts';

export type Copied = { readonly kind: 'landed' } | Step;

/** `<tag>-<run id>`, cut to the 128 characters that a tag may have. */
export function uniqueTag(run: Pick<Run, 'id' | 'tracked'>): Tag {
  return parseTag(`${run.tracked.tag.slice(0, 127 - run.id.length)}-${run.id}`);
}

export async function copy(
  context: StageContext,
  source: ImportRequest['source'],
  repository: Repository,
): Promise<Copied> {
  const { run } = context;
  if (context.memory.landed.has(repository)) return { kind: 'landed' };
  return run.operation ? poll(context, run.operation, repository) : begin(context, source, repository);
}

async function begin(context: StageContext, source: ImportRequest['source'], repository: Repository): Promise<Copied> {
  const { session, run } = context;
  const { importer, periods } = session.pipeline;
  // An earlier attempt that was given up may have landed since.
  if (run.tries > 0 && (await landed(context, repository)).kind === 'landed') return { kind: 'landed' };
  if (isStale(session)) return { kind: 'again' };
  const started = await importer.start({ source, digest: run.digest, repository, tag: uniqueTag(run) });
  if (started.kind !== 'started') return settle(context, repository, started);
  const looks = isNear(session, source) ? nearLooks : farLooks;
  const state = await awaitShortly(session.pipeline, started.handle, looks);
  if (state.kind !== 'running') return settle(context, repository, state);
  const { at } = session.loaded;
  return {
    kind: 'wait',
    until: at + periods.poll,
    why: `importing ${shortDigest(run.digest)} into ${repository}`,
    change: { run: { operation: { handle: started.handle, since: at } } },
  };
}

/** Shares of the time that a short import is awaited: it takes milliseconds inside a registry, and seconds from elsewhere. */
const nearLooks = [0.0125, 0.0275, 0.085, 0.875];
const farLooks = [1];

function isNear({ pipeline }: KnownSession, source: ImportRequest['source']): boolean {
  return source.kind === 'buffer' || (source.kind === 'acr' && source.registry.name === pipeline.catalog.buffer.name);
}

async function awaitShortly(
  { importer, clock, periods }: Pipeline,
  handle: string,
  looks: readonly number[],
): Promise<ImportState> {
  let state: ImportState = { kind: 'running' };
  for (const share of looks) {
    await clock.sleep(periods.inline * share);
    state = await importer.poll(handle);
    if (state.kind !== 'running') break;
  }
  return state;
}

async function poll(context: StageContext, operation: Operation, repository: Repository): Promise<Copied> {
  const { session, run } = context;
  const { importer, periods } = session.pipeline;
  const state = await importer.poll(operation.handle);
  if (state.kind !== 'running') return settle(context, repository, state);
  const { at } = session.loaded;
  if (at - operation.since <= periods.importDeadline) {
    return { kind: 'wait', until: at + periods.poll, why: `importing ${shortDigest(run.digest)} into ${repository}` };
  }
  // Imports have hung for ever, with the image copied all the same.
  if ((await landed(context, repository)).kind === 'landed') return { kind: 'landed' };
  return failed('retry', `the import into ${repository} has not ended in time`);
}

async function settle(
  context: StageContext,
  repository: Repository,
  state: Exclude<ImportState, { kind: 'running' }>,
): Promise<Copied> {
  switch (state.kind) {
    case 'succeeded':
    case 'exists':
      return landed(context, repository);
    case 'gone':
      return gone(context, state.why);
    case 'failed':
      return failed(state.next, `the import into ${repository} failed: ${state.why}`);
  }
}

/** Upstream may have moved on meanwhile. Where it still shows the digest, its own places disagree: that passes, or a human must look. */
async function gone({ session, run }: StageContext, why: string): Promise<Copied> {
  if (run.stage !== 'import') {
    const lost = `${shortDigest(run.digest)} is no longer in ${session.image.staging}, where it was validated`;
    return { kind: 'finish', outcome: 'gone', why: `${lost}: reimport it with force, or push it again (${why})` };
  }
  const reading = await session.pipeline.upstream.read(session.image.upstream, run.tracked.tag);
  if (reading.kind === 'found' && reading.digest === run.digest) {
    return failed('retry', `upstream shows ${shortDigest(run.digest)}, and it cannot be imported: ${why}`);
  }
  if (reading.kind === 'unknown') return failed('retry', `${why}; and upstream cannot be read: ${reading.why}`);
  const gone = `${shortDigest(run.digest)} cannot be imported: ${why}`;
  return { kind: 'finish', outcome: 'gone', why: gone, change: { head: forgotten(session.loaded.head, run) } };
}

/** Reads back: an import by tag has been seen to succeed with another manifest, or none. */
async function landed({ session, run, memory }: StageContext, repository: Repository): Promise<Copied> {
  const tag = uniqueTag(run);
  const reading = await session.pipeline.buffer.readTag(repository, tag);
  if (reading.kind === 'found' && reading.digest === run.digest) {
    memory.landed.add(repository);
    return { kind: 'landed' };
  }
  if (reading.kind === 'found') {
    return failed(
      'stall',
      `${repository}:${tag} holds ${shortDigest(reading.digest)}, not ${shortDigest(run.digest)}: delete that tag, then retry`,
    );
  }
  const why = reading.kind === 'unknown' ? reading.why : 'the tag is not there (yet)';
  return failed('retry', `reading back ${repository}:${tag}: ${why}`);
}

function failed(next: 'retry' | 'stall', why: string): Step {
  return { kind: 'fail', next, why, change: { run: { operation: undefined } } };
}
