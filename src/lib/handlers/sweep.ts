import type { InvocationContext, Timer } from '@azure/functions';
import { retain } from '../pipeline/retention.ts';
import { sweep } from '../pipeline/sweep.ts';
import { tick } from '../tick.ts';

/** Revives runs whose message was lost, wakes those whose gate has opened, and removes what is old. */
export async function onSweepTimer(_timer: Timer, context: InvocationContext): Promise<void> {
  await tick(context, async ({ pipeline, app }) => {
    const swept = await sweep(pipeline);
    const retained = await retain(pipeline, await app.history(), await app.retention());
    const failures = [...swept.failures, ...retained.failures];
    return {
      tags: swept.active,
      changed: swept.active - (swept.counts.fine ?? 0) - (swept.counts.failed ?? 0) + retained.removed,
      unknown: [],
      failures: failures.map(({ run, error }) => ({ of: run, error })),
    };
  });
}
