import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Looks upstream now; `force` makes a run, and a new validation, even where nothing changed. */
app.http('reimport', {
  methods: ['POST'],
  route: 'images/{image}/tags/{tag}/reimport',
  authLevel,
  handler: async (request, context) => (await handlers()).onReimport(request, context),
});
