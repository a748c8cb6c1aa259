import { app } from '@azure/functions';
import { handlers } from '../lib/lazy-handlers.ts';
import { scheduleOf } from '../lib/schedule.ts';

/** Finds moves in staging and target whose events were lost. */
app.timer('drift', {
  schedule: scheduleOf('SLUICE_DRIFT_SCHEDULE', '15 */10 * * * *'),
  handler: async (timer, context) => (await handlers()).onDriftTimer(timer, context),
});
