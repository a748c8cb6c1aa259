import { app, type InvocationContext, type Timer } from '@azure/functions';
import { drift } from '../lib/pipeline/drift.ts';
import { scheduleOf } from '../lib/schedule.ts';
import { tick } from '../lib/tick.ts';

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

app.timer('drift', {
  schedule: scheduleOf('SLUICE_DRIFT_SCHEDULE', '15 */10 * * * *'),
  handler: onDriftTimer,
});
