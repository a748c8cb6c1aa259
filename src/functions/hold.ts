import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Upstream changes of a tag are staged and validated, but not promoted. */
app.http('hold', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/hold',
  authLevel,
  handler: async (request, context) => (await handlers()).onHold(request, context),
});
