import type { App } from '../app.ts';
import type { RunQuery } from '../pipeline/history.ts';
import { summaryView } from './views.ts';

/** `next`: the address of the page behind, where there is one. */
export async function listRuns(app: App, query: RunQuery) {
  const page = await (await app.history()).runs(query);
  const next = page.continue && new URLSearchParams(texts({ ...query, continue: page.continue }));
  return { runs: page.runs.map(summaryView), continue: page.continue, next: next && `/api/runs?${next}` };
}

function texts(query: RunQuery): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
}
