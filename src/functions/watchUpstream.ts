import { app } from '@azure/functions';
import { handlers } from '../lib/lazy-handlers.ts';
import { scheduleOf } from '../lib/schedule.ts';

/** Looks at every tracked tag upstream. */
app.timer('watchUpstream', {
  schedule: scheduleOf('SLUICE_WATCH_SCHEDULE', '0 */2 * * * *'),
  handler: async (timer, context) => (await handlers()).onWatchTimer(timer, context),
});
