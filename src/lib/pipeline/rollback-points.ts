/** Digests that stood in the target before the one that stands there now: what a rollback may go back to. */
import type { Digest } from '../image/digest.ts';
import type { DigestRow } from './model.ts';
import type { Loaded } from './record.ts';

/** The newest first. */
export function rollbackPoints(
  { head, blocked }: Pick<Loaded, 'head' | 'blocked'>,
  digests: readonly DigestRow[],
): readonly Digest[] {
  return digests
    .filter(({ digest, inTargetAt }) => inTargetAt !== undefined && digest !== head?.target?.digest)
    .filter(({ digest }) => !blocked.some((row) => row.digest === digest))
    .sort((a, b) => (b.inTargetAt ?? 0) - (a.inTargetAt ?? 0))
    .map(({ digest }) => digest);
}
