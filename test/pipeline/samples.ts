/** Rows as a test needs them: only what matters to it is said. */
import type { Digest } from '../../src/lib/image/digest.ts';
import { parseTag } from '../../src/lib/image/names.ts';
import type { Head, Hold, Run } from '../../src/lib/pipeline/model.ts';
import { digestOf } from '../simulation/places.ts';

export const minute = 60_000;
export const hour = 60 * minute;
/** A Monday, 10:00 UTC. */
export const now = Date.UTC(2026, 0, 5, 10);

export const tracked = { image: 'node', tag: parseTag('20') };

export const A: Digest = digestOf(0xa);
export const B: Digest = digestOf(0xb);
export const C: Digest = digestOf(0xc);

export function runOf(run: Partial<Run> = {}): Run {
  return {
    id: 'r1',
    tracked,
    kind: 'upstream',
    stage: 'promote',
    digest: A,
    seq: 1,
    createdAt: now - hour,
    requested: { by: 'sluice', at: now - hour, reason: 'upstream moved' },
    version: 1,
    nonce: 'n1',
    dueAt: now,
    why: '',
    tries: 0,
    sweeps: 0,
    soakFrom: now - hour,
    passedAt: now - 30 * minute,
    copied: false,
    discovered: false,
    puts: 0,
    ...run,
  };
}

export function headOf(head: Partial<Head> = {}): Head {
  return {
    tracked,
    version: 1,
    nonce: 'n1',
    seq: 1,
    stagingSeq: 0,
    latestUpstreamSeq: 0,
    latestOwnSeq: 0,
    validatedSeq: 0,
    promotedSeq: 0,
    rollbackSeq: 0,
    ...head,
  };
}

export function holdOf(hold: Partial<Hold> = {}): Hold {
  return { by: 'ada', at: now - 2 * hour, reason: 'release week', ...hold };
}
