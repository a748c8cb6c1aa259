/** The target has moved: what is built on it is rebuilt, by ACR's own triggers where they are on, else by us, once. */
import pLimit from 'p-limit';
import type { Asked, Choice, ObservedRun } from '../../dependents/choose.ts';
import { choose } from '../../dependents/choose.ts';
import { taskKey } from '../../dependents/graph.ts';
import { parseDigest, shown } from '../../image/digest.ts';
import type { Build, BuildState, Outcome, Run, Seen } from '../model.ts';
import type { TaskRunInfo } from '../ports.ts';
import type { KnownSession } from '../session.ts';
import { commit, isStale } from '../session.ts';
import type { StageContext, StageFunction, Step, StepChange } from '../step.ts';
import { recovered } from '../step.ts';
import type { Base } from './discover.ts';
import { baseOf, builtOn, discover, referenceOf } from './discover.ts';
import type { Admission } from './kick.ts';
import { admission, commitBuilds, few, isOpen, kick } from './kick.ts';

/** A transaction holds 100 rows; the head, the run and its timeline are among them. */
const rowsInCommit = 90;
const looksAtOnce = 8;

export interface Looked {
  readonly build: Build;
  readonly choice: Choice<TaskRunInfo & ObservedRun>;
}

export const rebuild: StageFunction = async (context) => {
  const { session, run } = context;
  const { target } = session.loaded.head;
  if (target?.run !== run.id) return finish(run, movedOn(target));
  const base = baseOf(session, target);
  if (!run.discovered) return discoverFirst(context, base);
  const builds = await knownBuilds(context);
  const open = builds.filter(isOpen);
  if (open.length === 0) return finish(run, summary(builds));
  // What is built on another dependent's image comes after it.
  const first = Math.min(...open.map(({ wave }) => wave));
  const turn = open.filter(({ wave }) => wave === first);
  const at = pLimit(looksAtOnce);
  const looked = await Promise.all(turn.map((build) => at(() => look(session, run, base, build))));
  return act(context, base, builds, looked);
};

async function knownBuilds({ session, run, memory }: StageContext): Promise<readonly Build[]> {
  const { etag } = session.loaded;
  if (memory.builds?.etag !== etag) {
    memory.builds = { etag, rows: await session.pipeline.store.builds(session.tracked, run.id) };
  }
  return memory.builds.rows;
}

/** The builds as they are after a commit of ours. */
function remember({ memory }: StageContext, { loaded }: KnownSession, rows: readonly Build[]): void {
  memory.builds = { etag: loaded.etag, rows };
}

export function movedOn(target: Seen | undefined): string {
  return `the target has moved on to ${shown(target?.digest)}, whose run rebuilds the dependents`;
}

/** How a run ends whose digest stood in the target. */
export function rebuiltAs({ kind }: Run): Outcome {
  const outcomes: Partial<Record<Run['kind'], Outcome>> = { patch: 'patched', rollback: 'rolled-back' };
  return outcomes[kind] ?? 'promoted';
}

function finish(run: Run, why: string, change: StepChange = {}): Step {
  return { kind: 'finish', outcome: rebuiltAs(run), why, change };
}

function summary(builds: readonly Build[]): string {
  if (builds.length === 0) return 'no task is built on it';
  const counts = endStates.map((end) => [end, builds.filter(({ state }) => state === end).length] as const);
  const told = counts.filter(([, count]) => count > 0).map(([end, count]) => `${count} ${end}`);
  return `dependents: ${told.join(', ')}`;
}

const endStates: readonly BuildState[] = ['rebuilt', 'unconfirmed', 'failed', 'skipped', 'unarmed'];

async function discoverFirst(context: StageContext, base: Base): Promise<Step> {
  const { session, run } = context;
  const builds = await discover(session, run, base, 1, []);
  if (builds.length === 0) return finish(run, summary(builds));
  let current = session;
  for (let from = 0; from < builds.length; from += rowsInCommit) {
    const discovered = from + rowsInCommit >= builds.length;
    const why = `${builds.length} dependents to rebuild`;
    const done = await commitBuilds(current, run.id, builds.slice(from, from + rowsInCommit), { discovered, why });
    if ('kind' in done) return { kind: 'then', session: current, step: done };
    current = done;
  }
  remember(context, current, builds);
  return { kind: 'on', session: current };
}

async function look(session: KnownSession, run: Run, target: Base, build: Build): Promise<Looked> {
  const { pipeline, loaded } = session;
  const { dependents, catalog, periods } = pipeline;
  const registry = catalog.registries.find(({ name }) => name === build.registry);
  if (!registry) {
    const why = 'its registry has left the catalog';
    return { build, choice: { do: 'settle', state: 'unconfirmed', why } };
  }
  const runs = await dependents.runs(registry, build.task, build.baseAt - periods.clockSkew);
  const task = await dependents.get(registry, build.task);
  const onTarget = task && builtOn(task, referenceOf(target));
  // What is built on the target too, beside another dependent's image, must have both as they are now.
  const isBehind = onTarget !== undefined && onTarget !== run.digest;
  const digest = isBehind ? onTarget : task && builtOn(task, build.base);
  const isDirect = build.baseAt === target.at || onTarget !== undefined;
  const choice = choose({
    base: { digest: build.baseDigest, at: build.baseAt },
    ...(isDirect && run.movedBefore !== undefined && { movedBefore: run.movedBefore }),
    ...(task && { task: { ...task, ...(digest !== undefined && { builtOn: digest }) } }),
    runs: runs.map((info) => ({ ...info, state: stateOf(info) })),
    kick: {
      allowed: registry.kick,
      ...askedOf(build),
    },
    now: loaded.at,
    periods: {
      grace: (session.image.dependents.graceSeconds ?? periods.grace / 1000) * 1000,
      clockSkew: periods.clockSkew,
      listingLag: periods.listingLag,
      // From the read that the intent rests on: its commit, then the start, each sent in time, and its life, and the list.
      kickLost: 2 * periods.effectAfterRead + periods.requestLife + periods.listingLag,
    },
  });
  return { build, choice };
}

/** Our start of it, if we decided on one. */
function askedOf({ kicked, token, kickAt: at, taskRun }: Build): { readonly asked?: Asked } {
  if (!kicked || token === undefined || at === undefined) return {};
  return { asked: { token, at, ...(taskRun !== undefined && { taskRun }) } };
}

function stateOf({ status }: TaskRunInfo): 'pending' | 'succeeded' | 'failed' {
  if (status === 'succeeded') return 'succeeded';
  return status === 'queued' || status === 'running' ? 'pending' : 'failed';
}

/** What the choices change is committed first, the intents to kick among it; then, and only then, tasks are started. */
async function act(
  context: StageContext,
  base: Base,
  builds: readonly Build[],
  looked: readonly Looked[],
): Promise<Step> {
  const { session, run } = context;
  const { loaded, pipeline } = session;
  // A move may have been found long after it was made.
  const late = loaded.at > Math.max(base.at, run.createdAt) + pipeline.periods.rebuild;
  const admit = admission(session.image.dependents, builds, looked);
  const changed = looked.map((one) => changedBuild(session, one, admit, late)).filter((build) => build !== undefined);
  const next = (await Promise.all(looked.map((one) => nextWave(context, builds, one)))).flat();
  if (changed.length === 0 && next.length === 0) return wait(session, run, looked);
  // The next wave first: a dependent whose row is cut off is settled, and its wave looked for, in the next pass.
  const rows = [...unique(next), ...changed].slice(0, rowsInCommit);
  const after = merged(builds, rows);
  if (!after.some(isOpen)) return finish(run, summary(after), { builds: rows });
  // An intent bears the time of the read: others count from it when the start is lost.
  if (isStale(session)) return { kind: 'again' };
  const done = await commit(session, { runs: [{ ...run, sweeps: 0 }], builds: rows });
  if (!done) return { kind: 'again' };
  remember(context, done, after);
  const kicked = rows.filter(({ state }) => state === 'kicking');
  if (kicked.length > 0) return kick(done, run.id, kicked);
  // A settled one may let others start, or a wave begin. Else nothing is new before the next look.
  const isNews = next.length > 0 || rows.some((build) => !isOpen(build));
  return isNews ? { kind: 'on', session: done } : { kind: 'then', session: done, step: wait(done, run, looked) };
}

function merged(builds: readonly Build[], rows: readonly Build[]): Build[] {
  const changed = new Map(rows.map((build) => [taskKey(build), build]));
  const kept = builds.filter((build) => !changed.has(taskKey(build)));
  return [...kept, ...changed.values()];
}

function wait({ loaded, pipeline }: KnownSession, run: Run, looked: readonly Looked[]): Step {
  const waited = looked.map(({ build, choice }) => `${taskKey(build)} (${choice.why})`);
  const until = loaded.at + pipeline.periods.poll;
  return { kind: 'wait', until, why: `waits for ${few(waited)}`, ...recovered(run) };
}

function changedBuild(
  session: KnownSession,
  { build, choice }: Looked,
  admit: Admission,
  late: boolean,
): Build | undefined {
  const { pipeline, loaded } = session;
  if (choice.do === 'settle') {
    return {
      ...build,
      state: choice.state,
      why: choice.why,
      ...(choice.taskRun !== undefined && { taskRun: choice.taskRun }),
    };
  }
  if (late) return { ...build, state: 'unconfirmed', why: `not rebuilt in time: ${choice.why}` };
  if (choice.do === 'await') {
    const { taskRun } = choice;
    if (taskRun === undefined || (taskRun === build.taskRun && build.state === 'building')) return undefined;
    return { ...build, state: 'building', taskRun, why: choice.why };
  }
  const admitted = admit(build);
  if (admitted === 'later') return undefined;
  if (admitted === 'never') return { ...build, state: 'skipped', why: 'too many builds of this promotion have failed' };
  const token = build.token ?? pipeline.ids.nonce();
  return { ...build, state: 'kicking', token, kickAt: loaded.at, kicked: true, why: choice.why };
}

/** Images that a rebuilt dependent put out may have dependents of their own. */
async function nextWave(
  { session, run }: StageContext,
  builds: readonly Build[],
  { build, choice }: Looked,
): Promise<Build[]> {
  if (choice.do !== 'settle' || choice.state !== 'rebuilt') return [];
  const { outputs, finishedAt: at = build.baseAt } = choice.by;
  const waves = outputs.map(({ digest, ...image }) => {
    const base = { ...image, digest: parseDigest(digest), at };
    return discover(session, run, base, build.wave + 1, builds);
  });
  return (await Promise.all(waves)).flat();
}

function unique(builds: readonly Build[]): Build[] {
  return [...new Map(builds.map((build) => [taskKey(build), build])).values()];
}
