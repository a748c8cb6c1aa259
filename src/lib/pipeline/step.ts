/** What a stage answers: a value, which `carry` interprets in one place. */
import type { Repository } from '../image/names.ts';
import type { Build, Instant, Outcome, ParkedFor, Run, Stage } from './model.ts';
import type { Draft, KnownSession } from './session.ts';

export interface StepChange extends Omit<Draft, 'runs' | 'timeline'> {
  readonly run?: Partial<Run>;
}

export type Step =
  /** The next stage, at once. */
  | { readonly kind: 'go'; readonly to: Stage; readonly why: string; readonly change?: StepChange }
  /** Committed already, or nothing to commit: judge the present stage again with these facts. */
  | { readonly kind: 'on'; readonly session: KnownSession }
  /** Committed already, and what follows from it is known: that is interpreted on these facts. */
  | { readonly kind: 'then'; readonly session: KnownSession; readonly step: Step }
  /** The facts are too old, or somebody was faster: read again, judge again. */
  | { readonly kind: 'again' }
  | { readonly kind: 'wait'; readonly until: Instant; readonly why: string; readonly change?: StepChange }
  | {
      readonly kind: 'park';
      readonly for: ParkedFor;
      readonly until?: Instant;
      readonly why: string;
      readonly change?: StepChange;
    }
  | { readonly kind: 'finish'; readonly outcome: Outcome; readonly why: string; readonly change?: StepChange }
  /** An operation came to nothing: tried again within bounds, or a human must act. */
  | {
      readonly kind: 'fail';
      readonly next: 'retry' | 'stall';
      readonly why: string;
      /** Not tried again before so many milliseconds. */
      readonly after?: number;
      readonly change?: StepChange;
    };

export interface StageContext {
  readonly session: KnownSession;
  readonly run: Run;
  readonly memory: Memory;
}

/** What one invocation knows of a run already, so that judging again neither does nor asks it again. */
export interface Memory {
  /** Repositories in which the run's own tag was seen to show its digest. */
  readonly landed: Set<Repository>;
  /** Builds as they stand under this ETag of the head, which changes with each commit. */
  builds?: { readonly etag: string; readonly rows: readonly Build[] };
}

/** A look that succeeded after some that failed: tries count failures in a row. */
export function recovered({ tries }: Run): { readonly change?: StepChange } {
  return tries > 0 ? { change: { run: { tries: 0 } } } : {};
}

export type StageFunction = (context: StageContext) => Promise<Step>;
