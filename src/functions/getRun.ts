import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** One run with its timeline, verdicts and dependents. */
app.http('getRun', {
  methods: ['GET'],
  route: 'runs/{id}',
  authLevel,
  handler: async (request, context) => (await handlers()).onGetRun(request, context),
});
