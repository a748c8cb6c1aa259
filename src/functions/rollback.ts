import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Moves the stable tag back to an earlier digest: the one that is named, or the newest. */
app.http('rollback', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/rollback',
  authLevel,
  handler: async (request, context) => (await handlers()).onRollback(request, context),
});
