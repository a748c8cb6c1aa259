import { endpoint } from '../api/endpoint.ts';
import { json } from '../api/problem.ts';
import { showImages } from '../api/show-images.ts';

/** The images of the catalog, and what stands where. */
export const onListImages = endpoint('read', async ({ app, pipeline }) => json(200, await showImages(app, pipeline)));
