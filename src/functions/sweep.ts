import { app } from '@azure/functions';
import { handlers } from '../lib/lazy-handlers.ts';
import { scheduleOf } from '../lib/schedule.ts';

/** Revives runs whose message was lost, wakes those whose gate has opened, and removes what is old. */
app.timer('sweep', {
  schedule: scheduleOf('SLUICE_SWEEP_SCHEDULE', '30 */5 * * * *'),
  handler: async (timer, context) => (await handlers()).onSweepTimer(timer, context),
});
