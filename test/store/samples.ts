import { createHash } from 'node:crypto';
import type { Digest } from '../../src/lib/image/digest.ts';
import { parseDigest } from '../../src/lib/image/digest.ts';
import type { Tag } from '../../src/lib/image/names.ts';
import { parseTag } from '../../src/lib/image/names.ts';
import type {
  Act,
  Build,
  Head,
  Outcome,
  Run,
  TimelineEntry,
  TrackedTag,
  Verdict,
} from '../../src/lib/pipeline/model.ts';
import type { Store } from '../../src/lib/pipeline/record.ts';

export const noon = Date.parse('2026-03-01T12:00:00.123Z');

export function digestOf(text: string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`);
}

export function tracked(image = 'node', tag: Tag | string = '9-alpine'): TrackedTag {
  return { image, tag: parseTag(tag) };
}

export const act: Act = { by: 'ann@contoso.example', at: noon + 1, reason: 'because it must' };

export function head(over: Partial<Head> = {}): Head {
  return {
    tracked: tracked(),
    version: 1,
    nonce: 'n1',
    seq: 0,
    stagingSeq: 0,
    latestUpstreamSeq: 0,
    latestOwnSeq: 0,
    validatedSeq: 0,
    promotedSeq: 0,
    rollbackSeq: 0,
    ...over,
  };
}

export function run(id: string, over: Partial<Run> = {}): Run {
  return {
    id,
    tracked: tracked(),
    kind: 'upstream',
    stage: 'import',
    digest: digestOf(id),
    seq: 1,
    createdAt: noon,
    requested: act,
    version: 1,
    nonce: 'n1',
    dueAt: noon + 10_000,
    why: 'upstream shows a new digest',
    tries: 0,
    sweeps: 0,
    soakFrom: noon,
    copied: false,
    discovered: false,
    puts: 0,
    ...over,
  };
}

export function ended(id: string, outcome: Outcome, at: number, over: Partial<Run> = {}): Run {
  return run(id, { stage: 'rebuild', ended: { at, outcome }, ...over });
}

/** Every field that there is. */
export function fullHead(): Head {
  return head({
    version: 7,
    seq: 12,
    upstream: { digest: digestOf('up'), at: noon + 2 },
    upstreamGoneSince: noon + 3,
    staging: { digest: digestOf('st'), at: noon + 4 },
    stagingSeq: 11,
    target: { digest: digestOf('ta'), at: noon + 5, run: 'r7' },
    unsettled: { digest: digestOf('un'), seq: 6, certainAt: noon + 6 },
    previousMoveAt: noon + 6,
    latestUpstreamSeq: 12,
    latestOwnSeq: 3,
    validatedSeq: 10,
    promotedSeq: 9,
    rollbackSeq: 8,
    hold: { ...act, until: noon + 7 },
  });
}

/** Every field that there is. */
export function fullRun(id: string): Run {
  return run(id, {
    kind: 'rollback',
    stage: 'promote',
    operation: { handle: 'https://management.azure.com/…?a=b&c=%20', since: noon + 11 },
    parked: { for: 'approval', since: noon + 12, until: noon + 13 },
    validation: digestOf('validation'),
    passedAt: noon + 14,
    validateAfter: noon + 15,
    approved: act,
    expedited: { ...act, by: 'key' },
    copied: true,
    from: digestOf('from'),
    landedAt: noon + 16,
    movedBefore: noon + 17,
    discovered: true,
    puts: 2,
  });
}

export function build(over: Partial<Build> = {}): Build {
  return {
    run: 'r1',
    registry: 'contosodev',
    task: 'app',
    wave: 1,
    state: 'waiting',
    base: 'base-images/node:9-alpine',
    baseDigest: digestOf('base'),
    baseAt: noon + 20,
    kicked: false,
    why: 'the task starts by itself',
    ...over,
  };
}

export function entry(over: Partial<TimelineEntry> = {}): TimelineEntry {
  return { run: 'r1', at: noon, from: 'import', to: 'validate', why: 'imported', by: 'sluice', ...over };
}

export function verdict(over: Partial<Verdict> = {}): Omit<Verdict, 'changedAt'> {
  const { changedAt: _, ...given } = over;
  return {
    digest: digestOf('candidate'),
    validation: 'f00d',
    state: 'intent',
    token: 't1',
    generation: 1,
    attempts: 0,
    askedAt: noon,
    askedBy: 'r1',
    why: 'asked for by r1',
    ...given,
  };
}

/** Commits the first head, and gives its ETag. */
export async function begin(store: Store, first: Head = head()): Promise<string> {
  const answer = await store.commit({ head: first, etag: undefined });
  if (answer === 'conflict') throw new Error('There was a head already.');
  return answer.etag;
}
