import { app } from '@azure/functions';
import { authLevel } from '../lib/auth-level.ts';
import { handlers } from '../lib/lazy-handlers.ts';

/** The images of the catalog, and what stands where. */
app.http('listImages', {
  methods: ['GET'],
  route: 'images',
  authLevel,
  handler: async (request, context) => (await handlers()).onListImages(request, context),
});
