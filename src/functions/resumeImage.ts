import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** Ends the hold of an image and of all its tags. */
app.http('resumeImage', {
  methods: ['POST'],
  route: 'images/{image}/resume',
  authLevel,
  handler: async (request, context) => (await handlers()).onResumeImage(request, context),
});
