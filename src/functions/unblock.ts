import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** A blocked digest may be promoted again. */
app.http('unblock', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/digests/{digest}/unblock',
  authLevel,
  handler: async (request, context) => (await handlers()).onUnblock(request, context),
});
