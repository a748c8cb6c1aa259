import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Approves the digest that was looked at. */
app.http('approve', {
  methods: ['POST'],
  route: 'runs/{id}/approve',
  authLevel,
  handler: async (request, context) => (await handlers()).onApprove(request, context),
});
