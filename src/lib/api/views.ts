/** What the API shows of the record: ISO times, and an address for each run. */
import type { Image, Upstream, ValidationEntry } from '../catalog/model.ts';
import { maskSecrets } from '../http/mask.ts';
import type { RunSummary } from '../pipeline/history.ts';
import { isHeld } from '../pipeline/holds.ts';
import type { Act, Build, Hold, Instant, Run, Seen, TimelineEntry, TrackedTag, Verdict } from '../pipeline/model.ts';
import type { Loaded } from '../pipeline/record.ts';

export const addressOf = (run: string) => `/api/runs/${run}`;

const iso = (at: Instant) => new Date(at).toISOString();
const isoOrNone = (at: Instant | undefined) => (at === undefined ? undefined : iso(at));

export function summaryView(run: RunSummary) {
  const { id, tracked, kind, stage, digest, createdAt, why, requestedBy, ended } = run;
  return {
    id,
    address: addressOf(id),
    ...tracked,
    kind,
    stage,
    digest,
    createdAt: iso(createdAt),
    requestedBy,
    why: maskSecrets(why),
    outcome: ended?.outcome,
    endedAt: isoOrNone(ended?.at),
  };
}

export function runView(run: Run) {
  const { id, tracked, kind, stage, digest, seq, createdAt, why, requested, ended, parked, dueAt } = run;
  return {
    id,
    address: addressOf(id),
    ...tracked,
    kind,
    stage,
    digest,
    seq,
    createdAt: iso(createdAt),
    requested: actView(requested),
    why: maskSecrets(why),
    parked: parked && { for: parked.for, since: iso(parked.since), until: isoOrNone(parked.until) },
    dueAt: ended || parked ? undefined : iso(dueAt),
    tries: run.tries,
    approved: run.approved && actView(run.approved),
    expedited: run.expedited && actView(run.expedited),
    leaves: run.from,
    promotedAt: isoOrNone(run.landedAt),
    outcome: ended?.outcome,
    endedAt: isoOrNone(ended?.at),
  };
}

export function timelineView(entries: readonly TimelineEntry[]) {
  return entries.map(({ at, from, to, digest, why, by }) => ({
    at: iso(at),
    from,
    to,
    digest,
    why: maskSecrets(why),
    by,
  }));
}

/** `log`: a link that ends soon, made for this answer. */
export function verdictView(verdict: Verdict, log: string | undefined) {
  const { digest, validation, state, generation, attempts, askedAt, changedAt, askedBy, taskRun, why, logEnd } =
    verdict;
  return {
    digest,
    validation,
    state,
    generation,
    attempts,
    askedBy,
    askedAt: iso(askedAt),
    changedAt: iso(changedAt),
    taskRun,
    log,
    why: maskSecrets(why),
    logEnd: logEnd === undefined ? undefined : maskSecrets(logEnd),
  };
}

export function buildView(build: Build) {
  const { registry, task, wave, state, base, baseDigest, kicked, kickAt, taskRun, why } = build;
  return {
    registry,
    task,
    wave,
    state,
    base,
    baseDigest,
    kicked,
    kickedAt: kicked ? isoOrNone(kickAt) : undefined,
    taskRun,
    why: maskSecrets(why),
  };
}

/** `hold`: that of the whole image, as it stands `now`. */
export function imageView(image: Image, hold: Hold | undefined, now: Instant) {
  return {
    name: image.name,
    hold: holdView(hold, now),
    upstream: upstreamText(image.upstream),
    tags: image.tags.map(({ text }) => text),
    staging: image.staging,
    target: image.target,
    validate: image.validate.map(validationText),
    gate: {
      soakSeconds: image.gate.soak / 1000,
      approval: image.gate.approval ? 'required' : 'none',
      promoteDuring: image.gate.promoteDuring?.text,
    },
  };
}

export function tagView({ head, lease, active, blocked, at, tracked }: Loaded & { readonly tracked: TrackedTag }) {
  return {
    tag: tracked.tag,
    upstream: seenView(head?.upstream),
    upstreamGoneSince: isoOrNone(head?.upstreamGoneSince),
    staging: seenView(head?.staging),
    target: seenView(head?.target),
    hold: holdView(head?.hold, at),
    moving: lease && { run: lease.run, digest: lease.digest, since: iso(lease.since) },
    blocked: blocked.map(({ digest, ...act }) => ({ digest, ...actView(act) })),
    runs: active.map(({ id, stage, digest, parked, why }) => ({
      id,
      address: addressOf(id),
      stage,
      digest,
      parked: parked?.for,
      why: maskSecrets(why),
    })),
  };
}

function actView({ by, at, reason }: Act) {
  return { by, at: iso(at), reason: maskSecrets(reason) };
}

/** One that has ended by itself holds nothing any more. */
function holdView(hold: Hold | undefined, now: Instant) {
  return isHeld(hold, now) ? { ...actView(hold), until: isoOrNone(hold.until) } : undefined;
}

function seenView(seen: (Seen & { readonly run?: string }) | undefined) {
  return seen && { digest: seen.digest, at: iso(seen.at), run: seen.run };
}

function upstreamText(upstream: Upstream): string {
  const host = upstream.kind === 'acr' ? upstream.registry.loginServer : upstream.host;
  return `${host}/${upstream.repository}`;
}

/** What is tested, and how; never what a script or a command says: it may hold what is nobody's business. */
function validationText(entry: ValidationEntry): string {
  switch (entry.kind) {
    case 'run':
      return 'run';
    case 'script':
    case 'steps':
      return `${entry.kind} ${entry.path}`;
    case 'task':
      return `task ${entry.task}`;
  }
}
