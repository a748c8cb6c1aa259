import { app } from '@azure/functions';
import { handlers } from '../lib/lazy-handlers.ts';

/** Looks at what was pushed to. */
app.eventGrid<unknown>('onRegistryPush', {
  handler: async (event, context) => (await handlers()).onRegistryPush(event, context),
});
