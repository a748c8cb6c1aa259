/**
 * What to do about one dependent after its base has moved: adopt what was started, await it, judge it by the digest it
 * was built on, or start it once. Pure: everything it rests on is given.
 */

/** A task's run as its registry tells it. Times are the registry's. */
export interface ObservedRun {
  readonly id: string;
  readonly state: 'pending' | 'succeeded' | 'failed';
  readonly createdAt: number;
  readonly finishedAt?: number;
  readonly pullRequest: boolean;
  readonly token?: string;
  /** Base digests that made ACR start it. */
  readonly triggeredBy: readonly string[];
  readonly error?: string;
}

export interface DependentFacts<R extends ObservedRun = ObservedRun> {
  /** What it must be built on, and since when that is there (registry's clock). */
  readonly base: { readonly digest: string; readonly at: number };
  /** When the base moved before that; a build from before proves nothing even where its digest is right. */
  readonly movedBefore?: number;
  /** Undefined: the task is gone. */
  readonly task?: {
    readonly enabled: boolean;
    readonly triggerEnabled: boolean;
    readonly armed: boolean;
    /** The digest of the base in its newest successful run. */
    readonly builtOn?: string;
  };
  readonly runs: readonly R[];
  readonly kick: {
    /** May Sluice start tasks in this registry? */
    readonly allowed: boolean;
    /** Our intent, if there was one. */
    readonly asked?: Asked;
  };
  /** The store's clock. */
  readonly now: number;
  readonly periods: {
    readonly grace: number;
    readonly clockSkew: number;
    /** What a task was built on may be told so much later than its run's end. */
    readonly listingLag: number;
    /** After this an intent without a visible run is taken for lost. */
    readonly kickLost: number;
  };
}

/** A start that we decided on. `at`: when (store's clock). `taskRun`: what its registry answered, where that is known. */
export interface Asked {
  readonly token: string;
  readonly at: number;
  readonly taskRun?: string;
}

export type Choice<R extends ObservedRun = ObservedRun> =
  /** By this run, which may have put out images. */
  | { readonly do: 'settle'; readonly state: 'rebuilt'; readonly taskRun: string; readonly by: R; readonly why: string }
  | {
      readonly do: 'settle';
      readonly state: 'unconfirmed' | 'failed' | 'skipped';
      readonly taskRun?: string;
      readonly why: string;
    }
  | { readonly do: 'await'; readonly taskRun?: string; readonly why: string }
  | { readonly do: 'kick'; readonly why: string };

export function choose<R extends ObservedRun>(facts: DependentFacts<R>): Choice<R> {
  const { base, task, periods } = facts;
  if (task === undefined) return { do: 'settle', state: 'unconfirmed', why: 'the task is gone' };
  const counted = facts.runs.filter((run) => !run.pullRequest);
  // The skew only postpones: nothing that it lets in proves anything.
  const since = counted.filter((run) => run.createdAt >= base.at - periods.clockSkew);
  const pending = since.filter((run) => run.state === 'pending');
  const rebuilt = newestProof(facts, counted);
  // One that began before the proof and ends after it would put an older image in its place.
  const slower = pending.find((run) => rebuilt === undefined || run.createdAt < rebuilt.createdAt);
  if (slower) return { do: 'await', taskRun: slower.id, why: awaited(facts, slower) };
  if (rebuilt) {
    const why = `task run ${rebuilt.id} is built on it`;
    return { do: 'settle', state: 'rebuilt', taskRun: rebuilt.id, by: rebuilt, why };
  }
  const mine = kicked(facts, since);
  if (mine) return judgeEnded(facts, mine);
  if (facts.kick.asked) return lostKick(facts, facts.kick.asked);
  const adopted = since.find((run) => run.triggeredBy.includes(base.digest));
  if (adopted) return judgeEnded(facts, adopted);
  return nobodyStarted(facts, task);
}

/** The newest successful run, if it was built on the digest and created after the base's previous move. */
function newestProof<R extends ObservedRun>(
  { base, task, movedBefore }: DependentFacts,
  runs: readonly R[],
): R | undefined {
  if (task?.builtOn !== base.digest) return undefined;
  const newest = runs.filter((run) => run.state === 'succeeded').sort((a, b) => b.createdAt - a.createdAt)[0];
  return newest !== undefined && (movedBefore === undefined || newest.createdAt > movedBefore) ? newest : undefined;
}

function awaited({ base, kick }: DependentFacts, run: ObservedRun): string {
  if (run.triggeredBy.includes(base.digest)) return `ACR started task run ${run.id} for it`;
  if (kick.asked && isKicked(kick.asked, run)) return `we started task run ${run.id}`;
  return `task run ${run.id} is under way`;
}

function isKicked(asked: Asked, run: ObservedRun): boolean {
  return run.id === asked.taskRun || run.token === asked.token;
}

/** The run of our kick: by its handle, by its token, or, where the service tells neither, one created since the intent. */
function kicked({ kick, periods }: DependentFacts, runs: readonly ObservedRun[]): ObservedRun | undefined {
  const { asked } = kick;
  if (!asked) return undefined;
  const sure = runs.find((run) => isKicked(asked, run));
  if (sure || asked.taskRun !== undefined) return sure;
  return runs.find((run) => run.createdAt >= asked.at - periods.clockSkew && run.triggeredBy.length === 0);
}

function judgeEnded({ base, task, now, periods }: DependentFacts, run: ObservedRun): Choice<never> {
  const ended = { do: 'settle', taskRun: run.id } as const;
  if (run.state === 'failed')
    return { ...ended, state: 'failed', why: `task run ${run.id} failed${run.error ? `: ${run.error}` : ''}` };
  if (run.finishedAt !== undefined && now < run.finishedAt + periods.listingLag) {
    return {
      do: 'await',
      taskRun: run.id,
      why: `task run ${run.id} has succeeded; what it was built on is not told yet`,
    };
  }
  const builtOn = task?.builtOn === undefined ? 'what it was built on is not known' : `it was built on ${task.builtOn}`;
  return { ...ended, state: 'unconfirmed', why: `task run ${run.id} succeeded, but not on ${base.digest}: ${builtOn}` };
}

/** A kick was decided and nothing is to be seen of it: it may not be listed yet, or it was never sent. */
function lostKick({ now, periods }: DependentFacts, { taskRun, at }: Asked): Choice<never> {
  if (taskRun !== undefined) return { do: 'await', taskRun, why: `task run ${taskRun} is not listed yet` };
  if (now - at < periods.kickLost) return { do: 'await', why: 'a start is under way' };
  return { do: 'kick', why: 'its start was lost' };
}

function nobodyStarted(
  { base, kick, now, periods }: DependentFacts,
  task: NonNullable<DependentFacts['task']>,
): Choice<never> {
  if (!task.enabled) return { do: 'settle', state: 'skipped', why: 'the task is disabled' };
  const selfStarting = task.triggerEnabled && task.armed;
  if (selfStarting && now < base.at + periods.grace) return { do: 'await', why: 'ACR is expected to start it' };
  const late = selfStarting ? 'ACR has not started it in time' : 'nothing else starts it';
  if (!kick.allowed)
    return { do: 'settle', state: 'unconfirmed', why: `${late}, and this registry is read only (kick: false)` };
  return { do: 'kick', why: late };
}
