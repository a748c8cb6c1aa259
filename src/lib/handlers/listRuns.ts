import { endpoint } from '../api/endpoint.ts';
import { listRuns } from '../api/list-runs.ts';
import { runQueryFrom } from '../api/path.ts';
import { json } from '../api/problem.ts';

/** Runs, the newest first, a page at a time. */
export const onListRuns = endpoint('read', async ({ app, request }) =>
  json(200, await listRuns(app, runQueryFrom(request.query))),
);
