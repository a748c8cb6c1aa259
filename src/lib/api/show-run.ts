import type { App } from '../app.ts';
import { nextOf } from '../pipeline/errors.ts';
import type { Verdict } from '../pipeline/model.ts';
import type { Pipeline } from '../pipeline/session.ts';
import { wrongField } from './problem.ts';
import { buildView, runView, timelineView, verdictView } from './views.ts';

/** All that is known of a run: its timeline, what validation said of its digest, and its dependents' builds. */
export async function showRun(app: App, pipeline: Pipeline, id: string) {
  const history = await app.history();
  const tracked = await history.find(id);
  const run = tracked && (await pipeline.store.run(tracked, id));
  if (!tracked || !run) throw wrongField(404, 'run', `there is no run ${id}`);
  const [timeline, verdicts, builds] = await Promise.all([
    history.timeline(tracked, id),
    history.verdicts(run.digest),
    pipeline.store.builds(tracked, id),
  ]);
  return {
    ...runView(run),
    timeline: timelineView(timeline),
    verdicts: await Promise.all(verdicts.map(async (verdict) => verdictView(verdict, await linkOf(app, verdict)))),
    dependents: builds.map(buildView),
  };
}

/** A log that cannot be linked to now must not hide the rest. */
async function linkOf(app: App, { taskRun }: Verdict): Promise<string | undefined> {
  if (taskRun === undefined) return undefined;
  try {
    return await app.logLink(taskRun);
  } catch (error) {
    if (nextOf(error) === 'bug') throw error;
    return undefined;
  }
}
