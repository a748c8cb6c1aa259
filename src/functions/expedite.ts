import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** One run passes soak and window. */
app.http('expedite', {
  methods: ['POST'],
  route: 'runs/{id}/expedite',
  authLevel,
  handler: async (request, context) => (await handlers()).onExpedite(request, context),
});
