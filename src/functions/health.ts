import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Says whether the setup is right and the state can be read. */
app.http('health', {
  methods: ['GET'],
  route: 'health',
  authLevel,
  handler: async (request, context) => (await handlers()).showHealth(request, context),
});
