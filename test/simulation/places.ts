/** Registries of the simulated world: repositories, manifests, tags with their history, and replicas that lag. */
import type { Digest } from '../../src/lib/image/digest.ts';
import type { BufferReading } from '../../src/lib/pipeline/ports.ts';

export interface Move {
  readonly digest: Digest;
  readonly at: number;
  readonly by: 'us' | 'person' | 'upstream' | 'import';
  readonly run?: string;
}

/** `sha256:` and the number, in its first digits: messages show them. */
export function digestOf(number: number): Digest {
  return `sha256:${number.toString(16).padStart(12, '0').padEnd(64, '0')}` as Digest;
}

export function numberOf(digest: string): number {
  return Number.parseInt(digest.slice('sha256:'.length, 'sha256:'.length + 12), 16);
}

/** Validation's truth: every third digest is bad. */
export function isGood(digest: string): boolean {
  return numberOf(digest) % 3 !== 0;
}

export class Repository {
  readonly manifests = new Set<string>();
  readonly tags = new Map<string, Move[]>();

  move(tag: string, move: Move): void {
    this.manifests.add(move.digest);
    const moves = this.tags.get(tag) ?? [];
    moves.push(move);
    this.tags.set(tag, moves);
  }

  now(tag: string): Move | undefined {
    return this.tags.get(tag)?.at(-1);
  }

  /** The last move until then. */
  moveAt(tag: string, time: number): Move | undefined {
    return this.tags.get(tag)?.findLast(({ at }) => at <= time);
  }

  /** What a replica shows that is behind by `lag`. */
  read(tag: string, now: number, lag: number): BufferReading {
    const move = this.moveAt(tag, now - lag);
    return move ? { kind: 'found', digest: move.digest, at: move.at } : { kind: 'absent' };
  }
}
