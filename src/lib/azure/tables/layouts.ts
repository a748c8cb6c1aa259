/** The columns of every row: those of the model, by the same names. */
import * as z from 'zod';
import type { RunSummary } from '../../pipeline/history.ts';
import type {
  Act,
  Blocked,
  Build,
  DigestRow,
  Head,
  Hold,
  Lease,
  Operation,
  Parked,
  Run,
  Seen,
  TimelineEntry,
  TrackedTag,
  Unsettled,
  Verdict,
} from '../../pipeline/model.ts';
import type { ActiveRow } from '../../pipeline/record.ts';
import type { Fields } from './columns.ts';
import { count, digest, flag, foreignText, layoutOf, tag, text, time } from './columns.ts';

const outcome = z.enum([
  'promoted',
  'patched',
  'rolled-back',
  'unchanged',
  'superseded',
  'rejected',
  'blocked',
  'expired',
  'void',
  'cancelled',
  'gone',
  'untracked',
]);
const runKind = z.enum(['upstream', 'forced', 'own', 'patch', 'rollback']);
const stage = z.enum(['import', 'validate', 'promote', 'rebuild']);

const trackedFields = { image: text, tag } satisfies Fields<TrackedTag>;
const tracked = z.object(trackedFields);
const actFields = { by: foreignText, at: time, reason: foreignText } satisfies Fields<Act>;
const act = z.object(actFields);
const holdFields = { ...actFields, until: time.exactOptional() } satisfies Fields<Hold>;
const seenFields = { digest, at: time } satisfies Fields<Seen>;
const seen = z.object(seenFields);
const ended = z.object({ at: time, outcome });

const headFields = {
  tracked,
  version: count,
  nonce: text,
  seq: count,
  upstream: seen.optional(),
  upstreamGoneSince: time.optional(),
  staging: seen.exactOptional(),
  stagingSeq: count,
  target: z.object({ ...seenFields, run: text.exactOptional() }).exactOptional(),
  unsettled: z.object({ digest, seq: count, certainAt: time } satisfies Fields<Unsettled>).optional(),
  previousMoveAt: time.exactOptional(),
  latestUpstreamSeq: count,
  latestOwnSeq: count,
  validatedSeq: count,
  promotedSeq: count,
  rollbackSeq: count,
  hold: z.object(holdFields).optional(),
} satisfies Fields<Head>;

const runFields = {
  id: text,
  tracked,
  kind: runKind,
  stage,
  digest,
  seq: count,
  createdAt: time,
  requested: act,
  version: count,
  nonce: text,
  dueAt: time,
  why: foreignText,
  tries: count,
  sweeps: count,
  operation: z.object({ handle: text, since: time } satisfies Fields<Operation>).optional(),
  parked: z
    .object({
      for: z.enum(['hold', 'approval', 'lease', 'stalled']),
      since: time,
      until: time.exactOptional(),
    } satisfies Fields<Parked>)
    .optional(),
  soakFrom: time,
  validation: text.exactOptional(),
  passedAt: time.exactOptional(),
  validateAfter: time.exactOptional(),
  approved: act.exactOptional(),
  expedited: act.exactOptional(),
  copied: flag,
  from: digest.exactOptional(),
  landedAt: time.exactOptional(),
  movedBefore: time.exactOptional(),
  discovered: flag,
  puts: count,
  ended: ended.exactOptional(),
} satisfies Fields<Run>;

const summaryFields = {
  id: text,
  tracked,
  kind: runKind,
  stage,
  digest,
  createdAt: time,
  why: foreignText,
  requestedBy: foreignText,
  ended: ended.exactOptional(),
} satisfies Fields<RunSummary>;

const buildFields = {
  run: text,
  registry: text,
  task: text,
  wave: count,
  state: z.enum(['waiting', 'kicking', 'building', 'rebuilt', 'unconfirmed', 'failed', 'skipped', 'unarmed']),
  base: text,
  baseDigest: digest,
  baseAt: time,
  token: text.exactOptional(),
  kickAt: time.exactOptional(),
  kicked: flag,
  taskRun: text.exactOptional(),
  why: foreignText,
} satisfies Fields<Build>;

const digestFields = {
  digest,
  seenUpstreamAt: time.exactOptional(),
  lastRun: text.exactOptional(),
  inTargetAt: time.exactOptional(),
  promotedAt: time.exactOptional(),
} satisfies Fields<DigestRow>;

const timelineFields = {
  run: text.exactOptional(),
  at: time,
  from: text,
  to: text,
  digest: digest.exactOptional(),
  why: foreignText,
  by: foreignText,
} satisfies Fields<TimelineEntry>;

const verdictFields = {
  digest,
  validation: text,
  state: z.enum(['intent', 'running', 'passed', 'rejected', 'failed']),
  token: text,
  generation: count,
  attempts: count,
  askedAt: time,
  askedBy: text,
  taskRun: text.exactOptional(),
  why: foreignText,
  logEnd: foreignText.exactOptional(),
} satisfies Fields<Omit<Verdict, 'changedAt'>>;

export const layouts = {
  head: layoutOf<Head>(z.object(headFields)),
  lease: layoutOf<Omit<Lease, 'since'>>(z.object({ run: text, digest } satisfies Fields<Omit<Lease, 'since'>>)),
  blocked: layoutOf<Blocked>(z.object({ ...actFields, digest } satisfies Fields<Blocked>)),
  run: layoutOf<Run>(z.object(runFields)),
  digest: layoutOf<DigestRow>(z.object(digestFields)),
  build: layoutOf<Build>(z.object(buildFields)),
  timeline: layoutOf<TimelineEntry>(z.object(timelineFields)),
  verdict: layoutOf<Omit<Verdict, 'changedAt'>>(z.object(verdictFields)),
  summary: layoutOf<RunSummary>(z.object(summaryFields)),
  active: layoutOf<Omit<ActiveRow, 'since'>>(
    z.object({ run: text, tracked, first: flag } satisfies Fields<Omit<ActiveRow, 'since'>>),
  ),
  tracked: layoutOf<TrackedTag>(tracked),
  cursor: layoutOf<{ readonly repository: string; readonly at: number }>(z.object({ repository: text, at: time })),
  imageHold: layoutOf<Hold & { readonly image: string }>(z.object({ ...holdFields, image: text })),
};
