import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Blocks the digest that was looked at, and ends its run. */
app.http('reject', {
  methods: ['POST'],
  route: 'runs/{id}/reject',
  authLevel,
  handler: async (request, context) => (await handlers()).onReject(request, context),
});
