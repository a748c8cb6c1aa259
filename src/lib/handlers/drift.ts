import type { InvocationContext, Timer } from '@azure/functions';
import { drift } from '../pipeline/drift.ts';
import { tick } from '../tick.ts';

/** Finds moves in staging and target whose events were lost. */
export async function onDriftTimer(_timer: Timer, context: InvocationContext): Promise<void> {
  await tick(context, async ({ pipeline }) => {
    const { looked, found, failures } = await drift(pipeline);
    return {
      tags: looked,
      changed: found.length,
      unknown: [],
      failures: failures.map(({ repository, error }) => ({ of: repository, error })),
    };
  });
}
