import { app } from '@azure/functions';
import { authLevel, endpoint } from '../lib/api/endpoint.ts';
import { json } from '../lib/api/problem.ts';
import { showImages } from '../lib/api/show-images.ts';

/** The images of the catalog, and what stands where. */
export const onListImages = endpoint('read', async ({ app }) => json(200, await showImages(app)));

app.http('listImages', { methods: ['GET'], route: 'images', authLevel, handler: onListImages });
