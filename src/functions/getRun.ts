import { app } from '@azure/functions';
import { authLevel, endpoint } from '../lib/api/endpoint.ts';
import { runFrom } from '../lib/api/path.ts';
import { json } from '../lib/api/problem.ts';
import { showRun } from '../lib/api/show-run.ts';

/** One run with its timeline, verdicts and dependents. */
export const onGetRun = endpoint('read', async ({ app, pipeline, request }) =>
  json(200, await showRun(app, pipeline, runFrom(request.params))),
);

app.http('getRun', { methods: ['GET'], route: 'runs/{id}', authLevel, handler: onGetRun });
