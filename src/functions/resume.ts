import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Ends the hold of a tag, and promotes the newest digest that passed. */
app.http('resume', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/resume',
  authLevel,
  handler: async (request, context) => (await handlers()).onResume(request, context),
});
