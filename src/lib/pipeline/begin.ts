/**
 * A run begins: the index row before the run, so that no crash hides it; then the run, its head and its digest row in
 * one transaction.
 */
import type { DigestRow, Head, Run } from './model.ts';
import type { Start } from './notice.ts';
import { isOrdered } from './notice.ts';
import type { Draft, KnownSession } from './session.ts';
import { commit } from './session.ts';

/** Who asks for a run, and why. */
export interface Asker {
  readonly by: string;
  readonly reason: string;
}

/** Of itself, for the reason that the look gives. */
export const sluice: Asker = { by: 'sluice', reason: '' };

export interface Begun {
  readonly run: Run;
  readonly session: KnownSession;
}

/**
 * The index row first; then the run with all that is written with it. Undefined: somebody else committed meanwhile.
 * `prepare` may read meanwhile.
 */
export async function create(
  session: KnownSession,
  id: string,
  first: boolean,
  prepare: () => Promise<{ readonly run: Run; readonly draft: Omit<Draft, 'runs'> }>,
): Promise<Begun | undefined> {
  const { pipeline, tracked } = session;
  const begun = pipeline.clock.monotonic();
  const [{ run, draft }] = await Promise.all([prepare(), pipeline.index.add({ run: id, tracked, first })]);
  // The sweep takes an index row without a run for an orphan after a while: a creator that was slow starts over.
  if (pipeline.clock.monotonic() - begun > pipeline.periods.creation) return undefined;
  const done = await commit(session, { ...draft, runs: [run] });
  if (done) return { run: { ...run, version: run.version + 1 }, session: done };
  await pipeline.index.drop(id);
  return undefined;
}

/** Undefined: somebody else committed meanwhile. `also` is written in the same transaction. */
export function begin(
  session: KnownSession,
  start: Start,
  head: Partial<Head>,
  asker: Asker = sluice,
  also: Pick<Draft, 'lease'> = {},
): Promise<Begun | undefined> {
  const { pipeline, loaded } = session;
  const id = pipeline.ids.run(loaded.at);
  const first = loaded.head.seq === 0 && start.kind === 'upstream';
  return create(session, id, first, async () => {
    const run = await newRun(session, id, start, asker);
    const entry = { run: id, from: '', to: run.stage, digest: run.digest, why: run.why, by: run.requested.by };
    const draft = {
      ...also,
      head: { ...head, seq: run.seq, ...headOf(start, run, loaded.head) },
      digests: [digestOf(start, run)],
      timeline: [entry],
    };
    return { run, draft };
  });
}

/** Its first message, where it is not carried on at once. */
export async function sendFirst({ run, session }: Begun): Promise<void> {
  await session.pipeline.queue.send({ tracked: session.tracked, run: run.id, version: run.version }, 0);
}

function headOf(start: Start, run: Run, head: KnownSession['loaded']['head']): Partial<Head> {
  const { seq } = run;
  if (start.stage === 'validate') return { latestOwnSeq: seq, stagingSeq: seq };
  if (start.stage === 'import') return { latestUpstreamSeq: seq };
  return {
    target: { digest: start.digest, at: start.landedAt, run: run.id },
    ...(head.target && { previousMoveAt: head.target.at }),
    ...(start.kind !== 'patch' && { promotedSeq: Math.max(head.promotedSeq, start.seq) }),
  };
}

async function newRun(
  { pipeline, tracked, loaded }: KnownSession,
  id: string,
  start: Start,
  asker: Asker,
): Promise<Run> {
  const { at, head } = loaded;
  const known = isOrdered(start) ? await pipeline.store.digest(tracked, start.digest) : undefined;
  const why = asker === sluice ? start.why : `${start.why}: ${asker.reason}`;
  return {
    id,
    tracked,
    kind: start.kind,
    stage: start.stage,
    digest: start.digest,
    seq: head.seq + 1,
    createdAt: at,
    requested: { by: asker.by, at, reason: asker === sluice ? why : asker.reason },
    version: 0,
    nonce: '',
    dueAt: at,
    why,
    tries: 0,
    sweeps: 0,
    soakFrom: known?.seenUpstreamAt ?? at,
    copied: false,
    discovered: false,
    puts: 0,
    ...(start.kind === 'forced' && { validateAfter: at }),
    ...(start.stage === 'rebuild' && { landedAt: start.landedAt }),
    ...(start.stage === 'rebuild' && head.target && { movedBefore: head.target.at }),
  };
}

function digestOf(start: Start, { id, digest, soakFrom }: Run): DigestRow {
  const row = { digest, lastRun: id };
  if (start.stage === 'import') return { ...row, seenUpstreamAt: soakFrom };
  if (start.stage === 'validate') return row;
  return { ...row, inTargetAt: start.landedAt, ...(start.kind !== 'patch' && { promotedAt: start.landedAt }) };
}
