import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Holds every tag of an image, also those that appear meanwhile. */
app.http('holdImage', {
  methods: ['POST'],
  route: 'images/{image}/hold',
  authLevel,
  handler: async (request, context) => (await handlers()).onHoldImage(request, context),
});
