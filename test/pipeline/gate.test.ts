import { describe, expect, it } from 'vitest';
import type { Gate } from '../../src/lib/catalog/model.ts';
import { parseWindow } from '../../src/lib/catalog/window.ts';
import { judge } from '../../src/lib/pipeline/gate.ts';
import type { Blocked, Head, Lease, Run } from '../../src/lib/pipeline/model.ts';
import { defaultPeriods } from '../../src/lib/pipeline/periods.ts';
import { A, B, C, headOf, holdOf, hour, minute, now, runOf } from './samples.ts';

interface Given {
  readonly run?: Partial<Run>;
  readonly head?: Partial<Head>;
  readonly gate?: Partial<Gate>;
  readonly others?: readonly Run[];
  readonly blocked?: readonly Blocked[];
  readonly lease?: Lease;
}

function judged({ run, head, gate, others = [], blocked = [], lease }: Given) {
  const judgedRun = runOf(run);
  return judge(judgedRun, {
    head: headOf(head),
    loaded: { active: [judgedRun, ...others], blocked, ...(lease && { lease }) },
    gate: { soak: 0, approval: false, ...gate },
    periods: defaultPeriods,
    now,
  });
}

const newer = (run: Partial<Run> = {}) => runOf({ id: 'r2', seq: 2, digest: B, ...run });
const blocks = (digest = A): Blocked => ({ digest, by: 'ada', at: now - hour, reason: 'CVE-2026-1' });
const lease = (run: string): Lease => ({ run, digest: C, since: now - minute });
const weekdays = parseWindow('Mon-Fri 08:00-17:00 UTC');
const nights = parseWindow('Mon-Fri 20:00-22:00 UTC');

describe('the gate', () => {
  it('is open to a digest that passed, where nothing stands against it', () => {
    expect(judged({})).toEqual({ kind: 'open' });
  });

  it('ends a run as blocked where its digest is blocked, and says by whom and why', () => {
    expect(judged({ blocked: [blocks()] })).toEqual({
      kind: 'finish',
      outcome: 'blocked',
      why: '00000000000a is blocked by ada since 2026-01-05T09:00:00.000Z: CVE-2026-1',
    });
  });

  it('is open to a digest while another one is blocked', () => {
    expect(judged({ blocked: [blocks(B)] }).kind).toBe('open');
  });

  it.each<[title: string, given: Given, why: string]>([
    ['a newer one is promoted', { head: { promotedSeq: 3 } }, 'superseded by run number 3, which is promoted'],
    [
      'a newer one has passed and nothing stands against it',
      { others: [newer()] },
      'superseded by run r2, which passed at 2026-01-05T09:30:00.000Z, and its gate is open',
    ],
    [
      'a newer own image has passed: both stand in one order',
      { others: [newer({ kind: 'own' })] },
      'superseded by run r2, which passed at 2026-01-05T09:30:00.000Z, and its gate is open',
    ],
  ])('ends a run as superseded where %s', (_title, given, why) => {
    expect(judged(given)).toEqual({ kind: 'finish', outcome: 'superseded', why });
  });

  it.each<[title: string, given: Given]>([
    ['is still being imported', { others: [newer({ stage: 'import' })] }],
    ['is still being validated', { others: [newer({ stage: 'validate' })] }],
    ['is soaking', { gate: { soak: hour }, others: [newer({ soakFrom: now - minute })] }],
    ['waits for approval', { run: { approved: holdOf() }, gate: { approval: true }, others: [newer()] }],
    ['is blocked', { others: [newer()], blocked: [blocks(B)] }],
    ['is stalled', { others: [newer({ parked: { for: 'stalled', since: now } })] }],
    ['has been promoted and rebuilds', { others: [newer({ stage: 'rebuild' })] }],
    ['is a rollback, which stands outside the order', { others: [newer({ kind: 'rollback' })] }],
    ['is a patch, which stands outside the order', { others: [newer({ kind: 'patch' })] }],
    ['is older', { run: { seq: 2 }, others: [runOf({ id: 'r0', seq: 1, digest: B })] }],
  ])('stays open to a run while another %s', (_title, given) => {
    expect(judged(given)).toEqual({ kind: 'open' });
  });

  it('counts a newer one that was expedited as open, though it has not soaked', () => {
    const given = { gate: { soak: hour }, others: [newer({ soakFrom: now, expedited: holdOf() })] };
    expect(judged(given)).toMatchObject({ kind: 'finish', outcome: 'superseded' });
  });

  it('supersedes nothing while a hold stands: all of them wait', () => {
    expect(judged({ head: { hold: holdOf() }, others: [newer()] })).toMatchObject({ kind: 'park', for: 'hold' });
  });

  it.each<[title: string, given: Given, answer: object]>([
    [
      'a hold without end',
      { head: { hold: holdOf() } },
      { for: 'hold', why: 'held by ada since 2026-01-05T08:00:00.000Z, until an operator resumes: release week' },
    ],
    [
      'a hold with an end',
      { head: { hold: holdOf({ until: now + hour }) } },
      {
        for: 'hold',
        until: now + hour,
        why: 'held by ada since 2026-01-05T08:00:00.000Z, until 2026-01-05T11:00:00.000Z: release week',
      },
    ],
    [
      'an approval, which expires seven days after the digest passed',
      { gate: { approval: true } },
      {
        for: 'approval',
        until: now - 30 * minute + defaultPeriods.approval,
        why: 'waits for approval of 00000000000a, until 2026-01-12T09:30:00.000Z',
      },
    ],
  ])('parks a run for %s', (_title, given, answer) => {
    expect(judged(given)).toEqual({ kind: 'park', ...answer });
  });

  it.each<[title: string, given: Given]>([
    ['a hold that has ended by itself', { head: { hold: holdOf({ until: now }) } }],
    ['an approval that was given', { run: { approved: holdOf() }, gate: { approval: true } }],
    ['a soak that is over to the millisecond', { run: { soakFrom: now - hour }, gate: { soak: hour } }],
    ['a window that is open', { gate: { promoteDuring: weekdays } }],
    ['its own lease', { lease: lease('r1') }],
  ])('is not closed by %s', (_title, given) => {
    expect(judged(given)).toEqual({ kind: 'open' });
  });

  it('ends a run as expired once its approval has not been given in time', () => {
    const passedAt = now - defaultPeriods.approval;
    expect(judged({ run: { passedAt }, gate: { approval: true } })).toEqual({
      kind: 'finish',
      outcome: 'expired',
      why: 'nobody approved 00000000000a until 2026-01-05T10:00:00.000Z',
    });
  });

  it.each<[title: string, given: Given, until: number, why: string]>([
    [
      'its soak, counted from the first sight and not from when it passed',
      { run: { soakFrom: now - hour, passedAt: now }, gate: { soak: 24 * hour } },
      now + 23 * hour,
      'soaking until 2026-01-06T09:00:00.000Z',
    ],
    [
      'the next window',
      { gate: { promoteDuring: nights } },
      now + 10 * hour,
      'outside of Mon-Fri 20:00-22:00 UTC: waits until 2026-01-05T20:00:00.000Z',
    ],
    ["another run's lease", { lease: lease('r9') }, now + defaultPeriods.leaseWait, 'run r9 is moving the target'],
  ])('makes a run wait for %s', (_title, given, until, why) => {
    expect(judged(given)).toEqual({ kind: 'wait', until, why });
  });

  it.each<[title: string, given: Given, answer: object]>([
    ['soak', { gate: { soak: 24 * hour } }, { kind: 'open' }],
    ['window', { gate: { promoteDuring: nights } }, { kind: 'open' }],
    ['no hold', { head: { hold: holdOf() } }, { kind: 'park', for: 'hold' }],
    ['no approval', { gate: { approval: true } }, { kind: 'park', for: 'approval' }],
    ['no block', { blocked: [blocks()] }, { kind: 'finish', outcome: 'blocked' }],
  ])('lets an expedited run pass %s', (_title, given, answer) => {
    expect(judged({ ...given, run: { expedited: holdOf() } })).toMatchObject(answer);
  });

  describe('judges in this order', () => {
    // Each of these alone would answer; one by one they are taken away.
    const clauses: [answer: object, given: Given][] = [
      [{ kind: 'finish', outcome: 'blocked' }, { blocked: [blocks()] }],
      [{ kind: 'finish', outcome: 'superseded' }, { head: { promotedSeq: 5 } }],
      [{ kind: 'park', for: 'hold' }, { head: { hold: holdOf() } }],
      [{ kind: 'park', for: 'approval' }, { gate: { approval: true } }],
      [{ kind: 'wait', why: 'soaking until 2026-01-06T09:00:00.000Z' }, { gate: { soak: 24 * hour } }],
      [{ kind: 'wait', why: expect.stringContaining('outside of') }, { gate: { promoteDuring: nights } }],
      [{ kind: 'wait', why: 'run r9 is moving the target' }, { lease: lease('r9') }],
    ];
    it.each(clauses.map(([answer], position) => [answer, position] as const))('%j', (answer, position) => {
      const all = clauses.slice(position).map(([, given]) => given);
      const given: Given = {
        ...Object.assign({}, ...all),
        head: Object.assign({}, ...all.map(({ head }) => head)),
        gate: Object.assign({}, ...all.map(({ gate }) => gate)),
      };
      expect(judged(given)).toMatchObject(answer);
    });
  });
});

describe('the gate of a rollback', () => {
  const back: Partial<Run> = { kind: 'rollback', seq: 4, digest: A, from: B };
  const target = { digest: B, at: now - hour };

  it.each<[title: string, given: Given]>([
    ['a hold', { head: { hold: holdOf() } }],
    ['a newer promotion', { head: { promotedSeq: 9 } }],
    ['a newer digest that has passed', { others: [newer({ seq: 9 })] }],
    ['an approval that nobody gave', { gate: { approval: true } }],
    ['soak and window', { gate: { soak: 24 * hour, promoteDuring: nights }, run: { soakFrom: now } }],
  ])('is not closed by %s', (_title, given) => {
    expect(judged({ ...given, run: { ...given.run, ...back }, head: { target, ...given.head } })).toEqual({
      kind: 'open',
    });
  });

  it('ends it as void once the target is no longer what it was to leave', () => {
    expect(judged({ run: back, head: { target: { digest: C, at: now } } })).toEqual({
      kind: 'finish',
      outcome: 'void',
      why: 'the target has moved on: it was to leave 00000000000b, and the target has 00000000000c',
    });
  });

  it('ends it as superseded by a newer rollback, and says so before all else', () => {
    const given = { run: back, head: { rollbackSeq: 5, target: { digest: C, at: now } }, blocked: [blocks()] };
    expect(judged(given)).toEqual({
      kind: 'finish',
      outcome: 'superseded',
      why: 'superseded by rollback number 5, which is newer',
    });
  });

  it('ends it as blocked where its digest has been blocked since', () => {
    expect(judged({ run: back, head: { target }, blocked: [blocks()] })).toMatchObject({ outcome: 'blocked' });
  });

  it("waits for another run's lease", () => {
    expect(judged({ run: back, head: { target }, lease: lease('r9') })).toMatchObject({ kind: 'wait' });
  });
});
