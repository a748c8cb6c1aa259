import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Ends a run. */
app.http('cancel', {
  methods: ['POST'],
  route: 'runs/{id}/cancel',
  authLevel,
  handler: async (request, context) => (await handlers()).onCancel(request, context),
});
