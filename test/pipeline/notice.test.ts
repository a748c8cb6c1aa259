import { describe, expect, it } from 'vitest';
import type { Head, Lease, Run } from '../../src/lib/pipeline/model.ts';
import { noticeStaging, noticeTarget, noticeUpstream } from '../../src/lib/pipeline/notice.ts';
import type { BufferReading, TagReading } from '../../src/lib/pipeline/ports.ts';
import { A, B, C, headOf, holdOf, hour, minute, now, runOf } from './samples.ts';

const factsOf = (head: Partial<Head> = {}, active: readonly Run[] = [], lease?: Lease) => ({
  head: headOf(head),
  active,
  now,
  ...(lease && { lease }),
});
const shows = (digest = A, at?: number): TagReading => ({ kind: 'found', digest, ...(at !== undefined && { at }) });
/** A tag of the buffer, whose time of the move is always told. */
const holds = (digest = A, at = now): BufferReading => ({ kind: 'found', digest, at });
const absent: BufferReading = { kind: 'absent' };
const unknown: BufferReading = { kind: 'unknown', why: 'throttled' };
const at = now - hour;

describe('a place that could not be read', () => {
  it.each([
    ['upstream', noticeUpstream(factsOf(), unknown, false)],
    ['upstream, forced', noticeUpstream(factsOf(), unknown, true)],
    ['staging', noticeStaging(factsOf(), unknown, false)],
    ['target', noticeTarget(factsOf(), unknown)],
  ])('is unknown, never unchanged: %s', (_place, notice) => {
    expect(notice).toEqual(unknown);
  });
});

describe('upstream', () => {
  it('starts a run at import for a digest other than the last one seen', () => {
    expect(noticeUpstream(factsOf({ upstream: { digest: A, at } }), shows(B), false)).toEqual({
      kind: 'start',
      start: {
        kind: 'upstream',
        stage: 'import',
        digest: B,
        why: 'upstream moved from 00000000000a to 00000000000b',
      },
      head: { upstream: { digest: B, at: now }, upstreamGoneSince: undefined },
    });
  });

  it('starts a run at first sight where the target is something else', () => {
    const notice = noticeUpstream(factsOf({ target: { digest: B, at } }), shows(A), false);
    expect(notice).toMatchObject({ kind: 'start', start: { why: 'first sight of 00000000000a upstream' } });
  });

  it('only records at first sight where the target has that digest already', () => {
    const notice = noticeUpstream(factsOf({ target: { digest: A, at } }), shows(A), false);
    expect(notice).toMatchObject({ kind: 'record', head: { upstream: { digest: A } } });
  });

  it.each<[title: string, head: Partial<Head>, reading: TagReading]>([
    ['it shows what was seen last', { upstream: { digest: A, at } }, shows(A)],
    ['its answer is older than what is recorded', { upstream: { digest: A, at } }, shows(B, at - 1)],
  ])('changes nothing where %s', (_title, head, reading) => {
    expect(noticeUpstream(factsOf(head), reading, false)).toEqual({ kind: 'nothing' });
  });

  it.each<[title: string, head: Partial<Head>, why: string]>([
    ['has gone', { upstream: { digest: A, at } }, 'the tag is gone upstream; nothing else changes'],
    ['was never there', {}, 'upstream has no such tag'],
  ])('says once that its tag %s, and writes nothing after that', (_title, head, why) => {
    expect(noticeUpstream(factsOf(head), absent, false)).toMatchObject({ kind: 'record', why });
    const said = factsOf({ ...head, upstreamGoneSince: at });
    expect(noticeUpstream(said, absent, false)).toEqual({ kind: 'nothing', why });
  });

  it('records that its tag is gone, and starts nothing', () => {
    expect(noticeUpstream(factsOf({ upstream: { digest: A, at } }), absent, false)).toEqual({
      kind: 'record',
      head: { upstreamGoneSince: now },
      why: 'the tag is gone upstream; nothing else changes',
    });
  });

  it('records that its tag is back', () => {
    const notice = noticeUpstream(factsOf({ upstream: { digest: A, at }, upstreamGoneSince: at }), shows(A), false);
    expect(notice).toMatchObject({
      kind: 'record',
      head: { upstreamGoneSince: undefined },
      why: 'the tag is back upstream',
    });
  });

  it('that goes back to an earlier digest is a new run: A, B, A', () => {
    const notice = noticeUpstream(factsOf({ upstream: { digest: B, at }, target: { digest: A, at } }), shows(A), false);
    expect(notice).toMatchObject({ kind: 'start', start: { kind: 'upstream', digest: A } });
  });

  it('makes a forced run even where nothing changed', () => {
    expect(noticeUpstream(factsOf({ upstream: { digest: A, at } }), shows(A), true)).toMatchObject({
      kind: 'start',
      start: { kind: 'forced', stage: 'import', digest: A },
    });
  });

  it.each(['upstream', 'forced'] as const)('joins a force to the %s run of that digest that is under way', (kind) => {
    const run = runOf({ kind, stage: 'import' });
    const notice = noticeUpstream(factsOf({ upstream: { digest: A, at } }, [run]), shows(A), true);
    expect(notice).toMatchObject({ kind: 'join', run });
  });

  it.each<[title: string, run: Partial<Run>]>([
    ['of another digest', { digest: B }],
    ['of an own image: it did not come from upstream', { kind: 'own' }],
    ['of a rollback', { kind: 'rollback' }],
    ['of a patch', { kind: 'patch' }],
  ])('does not join a force to a run %s', (_title, run) => {
    const notice = noticeUpstream(factsOf({ upstream: { digest: A, at } }, [runOf(run)]), shows(A), true);
    expect(notice).toMatchObject({ kind: 'start' });
  });
});

describe('staging', () => {
  it('starts an own run at validate for a digest that the tag does not know', () => {
    expect(noticeStaging(factsOf({ staging: { digest: A, at } }), holds(B, now), false)).toEqual({
      kind: 'start',
      start: { kind: 'own', stage: 'validate', digest: B, why: '00000000000b was pushed into staging' },
      head: { staging: { digest: B, at: now } },
    });
  });

  it('only records a digest that the tag knows: it is our own work', () => {
    expect(noticeStaging(factsOf({ staging: { digest: A, at } }), holds(B, now), true)).toEqual({
      kind: 'record',
      head: { staging: { digest: B, at: now } },
      why: 'staging shows 00000000000b, which is known',
    });
  });

  it('leaves the recording to the run that is importing the digest', () => {
    const run = runOf({ stage: 'import', digest: B });
    expect(noticeStaging(factsOf({}, [run]), holds(B, now), true)).toEqual({ kind: 'nothing' });
  });

  it.each<[title: string, reading: BufferReading]>([
    ['its tag is not there', absent],
    ['it shows what is recorded', holds(A, now)],
    ['its answer is older than what is recorded: replicas lag', holds(B, at - 1)],
  ])('changes nothing where %s', (_title, reading) => {
    expect(noticeStaging(factsOf({ staging: { digest: A, at } }), reading, false)).toEqual({ kind: 'nothing' });
  });
});

describe('the target', () => {
  const target = { digest: A, at, run: 'r1' };

  it('starts a patch at rebuild, and holds in the same commit', () => {
    const why = '00000000000b was pushed into the target by somebody';
    expect(noticeTarget(factsOf({ target }), holds(B, now - minute))).toEqual({
      kind: 'start',
      start: { kind: 'patch', stage: 'rebuild', digest: B, why, landedAt: now - minute },
      head: { hold: { by: 'sluice', at: now, reason: why }, unsettled: undefined },
    });
  });

  it('is patched where it was empty, too', () => {
    expect(noticeTarget(factsOf(), holds(B, now))).toMatchObject({ kind: 'start', start: { kind: 'patch' } });
  });

  it('still names who held before the patch', () => {
    const hold = holdOf({ until: now + hour });
    expect(noticeTarget(factsOf({ target, hold }), holds(B, now))).toMatchObject({
      head: {
        hold: {
          by: 'sluice',
          at: now,
          reason: '00000000000b was pushed into the target by somebody; before that ada held: release week',
        },
      },
    });
  });

  it('holds without end after a patch, though the hold before it had one', () => {
    const notice = noticeTarget(factsOf({ target, hold: holdOf({ until: now + hour }) }), holds(B, now));
    if (notice.kind !== 'start') expect.unreachable('a patch');
    else expect(notice.head.hold).not.toHaveProperty('until');
  });

  it.each<[title: string, reading: BufferReading, lease?: Lease]>([
    ['its tag is not there', absent],
    ['it shows what is recorded', holds(A, now)],
    ['its answer is older than what is recorded: replicas lag', holds(B, at - 1)],
    [
      'a run holds the lease: its promotion reads the target again',
      holds(B, now),
      { run: 'r1', digest: C, since: now },
    ],
  ])('changes nothing where %s', (_title, reading, lease) => {
    expect(noticeTarget(factsOf({ target }, [], lease), reading)).toEqual({ kind: 'nothing' });
  });
});
