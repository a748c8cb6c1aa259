import { endpoint } from '../api/endpoint.ts';
import { runFrom } from '../api/path.ts';
import { json } from '../api/problem.ts';
import { showRun } from '../api/show-run.ts';

/** One run with its timeline, verdicts and dependents. */
export const onGetRun = endpoint('read', async ({ app, pipeline, request }) =>
  json(200, await showRun(app, pipeline, runFrom(request.params))),
);
