/**
 * What must be open before the stable tag moves. Judged in the transaction that takes the lease, never earlier: whatever
 * an operator or a newer run commits before that is seen, and whatever comes later conflicts.
 */
import type { Gate } from '../catalog/model.ts';
import { windowState } from '../catalog/window.ts';
import { shortDigest, shown } from '../image/digest.ts';
import { certain } from './certain.ts';
import { heldWhy, isHeld } from './holds.ts';
import { iso } from './instant.ts';
import type { Head, Instant, Outcome, Run } from './model.ts';
import { isOrdered } from './notice.ts';
import type { Periods } from './periods.ts';
import type { Loaded } from './record.ts';

export type GateAnswer =
  | { readonly kind: 'open' }
  | { readonly kind: 'finish'; readonly outcome: Outcome; readonly why: string }
  | {
      readonly kind: 'park';
      readonly for: 'hold' | 'approval' | 'lease';
      readonly until?: Instant;
      readonly why: string;
    }
  | { readonly kind: 'wait'; readonly until: Instant; readonly why: string };

export interface GateFacts {
  readonly head: Head;
  readonly loaded: Pick<Loaded, 'lease' | 'active' | 'blocked'>;
  readonly gate: Gate;
  readonly periods: Periods;
  /** The store's clock. */
  readonly now: Instant;
}

const open: GateAnswer = { kind: 'open' };

export function judge(run: Run, facts: GateFacts): GateAnswer {
  const answer = run.kind === 'rollback' ? judgeRollback(run, facts) : judgePromotion(run, facts);
  return answer.kind === 'open' ? judgeLease(run, facts) : answer;
}

function judgePromotion(run: Run, facts: GateFacts): GateAnswer {
  return judgeBlocked(run, facts) ?? judgeOrder(run, facts) ?? judgeWaits(run, facts);
}

/** It ignores holds, and yields only to a newer rollback. */
function judgeRollback(run: Run, facts: GateFacts): GateAnswer {
  const { head } = facts;
  if (head.rollbackSeq > run.seq)
    return finish('superseded', `superseded by rollback number ${head.rollbackSeq}, which is newer`);
  const blocked = judgeBlocked(run, facts);
  if (blocked) return blocked;
  if (run.from === head.target?.digest) return open;
  const [from, now] = [shown(run.from), shown(head.target?.digest)];
  return finish('void', `the target has moved on: it was to leave ${from}, and the target has ${now}`);
}

function judgeBlocked(run: Run, { loaded }: GateFacts): GateAnswer | undefined {
  const blocked = loaded.blocked.find(({ digest }) => digest === run.digest);
  if (!blocked) return undefined;
  return finish(
    'blocked',
    `${shortDigest(run.digest)} is blocked by ${blocked.by} since ${iso(blocked.at)}: ${blocked.reason}`,
  );
}

/**
 * A newer digest stops an older one only once it has passed and its own gate is open: one that is held, or soaking,
 * supersedes nothing, or a soak longer than upstream's cadence would never promote anything.
 */
function judgeOrder(run: Run, facts: GateFacts): GateAnswer | undefined {
  const { head, loaded } = facts;
  if (head.promotedSeq > run.seq)
    return finish('superseded', `superseded by run number ${head.promotedSeq}, which is promoted`);
  const newer = loaded.active.find(
    (other) =>
      isOrdered(other) &&
      other.seq > run.seq &&
      other.stage === 'promote' &&
      other.parked?.for !== 'stalled' &&
      judgeBlocked(other, facts) === undefined &&
      judgeWaits(other, facts).kind === 'open',
  );
  if (!newer) return undefined;
  const passed = iso(passedAt(newer));
  return finish('superseded', `superseded by run ${newer.id}, which passed at ${passed}, and its gate is open`);
}

function passedAt(run: Run): Instant {
  return certain(run.passedAt, `when run ${run.id}, at ${run.stage}, passed`);
}

/** Hold, approval, soak, window, in this order: what only an operator ends comes first. */
function judgeWaits(run: Run, { head, gate, periods, now }: GateFacts): GateAnswer {
  if (isHeld(head.hold, now)) {
    const { until } = head.hold;
    return { kind: 'park', for: 'hold', why: heldWhy(head.hold), ...(until !== undefined && { until }) };
  }
  if (gate.approval && run.approved === undefined) {
    const until = passedAt(run) + periods.approval;
    if (until <= now) return finish('expired', `nobody approved ${shortDigest(run.digest)} until ${iso(until)}`);
    return {
      kind: 'park',
      for: 'approval',
      until,
      why: `waits for approval of ${shortDigest(run.digest)}, until ${iso(until)}`,
    };
  }
  return run.expedited ? open : judgeTime(run, gate, now);
}

function judgeTime(run: Run, gate: Gate, now: Instant): GateAnswer {
  const soaked = run.soakFrom + gate.soak;
  if (soaked > now) return { kind: 'wait', until: soaked, why: `soaking until ${iso(soaked)}` };
  if (gate.promoteDuring === undefined) return open;
  const window = windowState(gate.promoteDuring, new Date(now));
  if (window.open) return open;
  const until = window.opensAt.getTime();
  return { kind: 'wait', until, why: `outside of ${gate.promoteDuring.text}: waits until ${iso(until)}` };
}

/** The run that holds the lease waits for an operator, and so do all that wait for the lease. */
export function isHeldUp({ lease, active }: GateFacts['loaded']): boolean {
  return active.some(({ id, parked }) => id === lease?.run && parked !== undefined);
}

function judgeLease(run: Run, { loaded, periods, now }: GateFacts): GateAnswer {
  if (loaded.lease === undefined || loaded.lease.run === run.id) return open;
  if (isHeldUp(loaded)) {
    const why = `run ${loaded.lease.run} may be moving the target, and is stalled: it must be retried first`;
    return { kind: 'park', for: 'lease', why };
  }
  return { kind: 'wait', until: now + periods.leaseWait, why: `run ${loaded.lease.run} is moving the target` };
}

function finish(outcome: Outcome, why: string): GateAnswer {
  return { kind: 'finish', outcome, why };
}
