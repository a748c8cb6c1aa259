import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Runs, the newest first, a page at a time. */
app.http('listRuns', {
  methods: ['GET'],
  route: 'runs',
  authLevel,
  handler: async (request, context) => (await handlers()).onListRuns(request, context),
});
