import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Takes a stalled run up again at its stage. */
app.http('retry', {
  methods: ['POST'],
  route: 'runs/{id}/retry',
  authLevel,
  handler: async (request, context) => (await handlers()).onRetry(request, context),
});
