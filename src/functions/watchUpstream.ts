import { app, type InvocationContext, type Timer } from '@azure/functions';
import { watchUpstream } from '../lib/pipeline/watch.ts';
import { scheduleOf } from '../lib/schedule.ts';
import { tick } from '../lib/tick.ts';

/** Looks at every tracked tag upstream. */
export async function onWatchTimer(_timer: Timer, context: InvocationContext): Promise<void> {
  await tick(context, async ({ pipeline }) => {
    const { tags, changed, unknown, failures } = await watchUpstream(pipeline);
    return {
      tags,
      changed: changed.length,
      unknown: unknown.map(({ tracked, why }) => ({ of: tracked, why })),
      failures: failures.map(({ tracked, error }) => ({ of: tracked, error })),
    };
  });
}

app.timer('watchUpstream', {
  schedule: scheduleOf('SLUICE_WATCH_SCHEDULE', '0 */2 * * * *'),
  handler: onWatchTimer,
});
