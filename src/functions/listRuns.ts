import { app } from '@azure/functions';
import { authLevel, endpoint } from '../lib/api/endpoint.ts';
import { listRuns } from '../lib/api/list-runs.ts';
import { runQueryFrom } from '../lib/api/path.ts';
import { json } from '../lib/api/problem.ts';

/** Runs, the newest first, a page at a time. */
export const onListRuns = endpoint('read', async ({ app, request }) =>
  json(200, await listRuns(app, runQueryFrom(request.query))),
);

app.http('listRuns', { methods: ['GET'], route: 'runs', authLevel, handler: onListRuns });
