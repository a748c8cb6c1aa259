/** Starting dependents: bounded in number, with a budget for failures, and never without an intent in the record. */
import type { DependentsRule } from '../../catalog/model.ts';
import { taskKey } from '../../dependents/graph.ts';
import { certain } from '../certain.ts';
import { failureOf } from '../errors.ts';
import type { Build, Run } from '../model.ts';
import type { KnownSession } from '../session.ts';
import { commit, isStale } from '../session.ts';
import type { Step } from '../step.ts';
import type { Looked } from './rebuild.ts';

export type Admission = (build: Build) => 'now' | 'later' | 'never';

export function isOpen({ state }: Build): boolean {
  return state === 'waiting' || state === 'kicking' || state === 'building';
}

export function admission(rule: DependentsRule, builds: readonly Build[], looked: readonly Looked[]): Admission {
  const failed = builds.filter(({ kicked, state }) => kicked && state === 'failed').length;
  const busy = builds.filter((build) => build.kicked && isOpen(build)).length;
  const wanted = looked.filter(({ build, choice }) => choice.do === 'kick' && !build.kicked).map(({ build }) => build);
  const fresh = wanted.slice(0, Math.max(0, rule.maxParallel - busy));
  return (build) => {
    // It was admitted before, and its start was lost.
    if (build.kicked) return 'now';
    if (failed >= rule.failureBudget) return 'never';
    return fresh.includes(build) ? 'now' : 'later';
  };
}

/** `session`: as the commit of the intents left it. */
export async function kick(session: KnownSession, id: string, kicked: readonly Build[]): Promise<Step> {
  const results = await Promise.all(kicked.map((build) => kickOne(session, build)));
  const changed = results.filter((build) => build !== undefined);
  const done = changed.length > 0 ? await commitBuilds(session, id, changed) : session;
  if ('kind' in done) return { kind: 'then', session, step: done };
  // One that will never start may let others start, or end the run.
  if (changed.some((build) => !isOpen(build))) return { kind: 'on', session: done };
  return { kind: 'then', session: done, step: after(done, kicked, changed) };
}

/** What goes wrong here is interpreted on the session that the intents have left, as all that follows them. */
export async function commitBuilds(
  session: KnownSession,
  id: string,
  builds: readonly Build[],
  change: Partial<Run> = {},
): Promise<KnownSession | Step> {
  const runs = session.loaded.active.filter((run) => run.id === id).map((run) => ({ ...run, ...change }));
  try {
    return (await commit(session, { runs, builds })) ?? { kind: 'again' };
  } catch (error) {
    return failureOf(error);
  }
}

function after({ loaded, pipeline }: KnownSession, kicked: readonly Build[], changed: readonly Build[]): Step {
  // One that was refused for now must not be tried again at once.
  const refused = changed.find(({ state }) => state === 'waiting');
  if (refused) return { kind: 'fail', next: 'retry', why: refused.why };
  const whys = new Map(changed.map((build) => [taskKey(build), build.why]));
  const starts = kicked.map((build) => `${taskKey(build)} (${whys.get(taskKey(build)) ?? 'a start is under way'})`);
  return { kind: 'wait', until: loaded.at + pipeline.periods.poll, why: `waits for ${few(starts)}` };
}

/** The first of many, and how many more. */
export function few(texts: readonly string[]): string {
  const more = texts.length > 3 ? `, and ${texts.length - 3} more` : '';
  return `${texts.slice(0, 3).join(', ')}${more}`;
}

/** Undefined: it is not known whether it started. Its token, or the list, will tell. */
async function kickOne(session: KnownSession, build: Build): Promise<Build | undefined> {
  const { catalog, dependents } = session.pipeline;
  const registry = catalog.registries.find(({ name }) => name === build.registry);
  if (!registry || isStale(session)) return undefined;
  try {
    const answer = await dependents.kick(registry, build.task, certain(build.token, `the token of ${taskKey(build)}`));
    if (answer.kind === 'scheduled')
      return { ...build, state: 'building', taskRun: answer.taskRun, why: `we started task run ${answer.taskRun}` };
    const why = `it could not be started: ${answer.why}`;
    if (answer.next === 'stall') return { ...build, state: 'failed', why };
    const { token: _token, kickAt: _kickAt, ...rest } = build;
    return { ...rest, state: 'waiting', kicked: false, why };
  } catch {
    return undefined;
  }
}
