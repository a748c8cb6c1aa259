import type { InvocationContext, Timer } from '@azure/functions';
import { watchUpstream } from '../pipeline/watch.ts';
import { tick } from '../tick.ts';

/** Looks at every tracked tag upstream. */
export async function onWatchTimer(_timer: Timer, context: InvocationContext): Promise<void> {
  await tick(context, async ({ pipeline }) => {
    const { tags, changed, postponed, unknown, failures } = await watchUpstream(pipeline);
    return {
      tags,
      changed: changed.length,
      postponed,
      unknown: unknown.map(({ tracked, why }) => ({ of: tracked, why })),
      failures: failures.map(({ tracked, error }) => ({ of: tracked, error })),
    };
  });
}
