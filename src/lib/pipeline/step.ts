/** What a stage answers: a value, which `carry` interprets in one place. */
import type { Instant, Outcome, ParkedFor, Run, Stage } from './model.ts';
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
  | { readonly kind: 'fail'; readonly next: 'retry' | 'stall'; readonly why: string; readonly change?: StepChange };

export interface StageContext {
  readonly session: KnownSession;
  readonly run: Run;
  /** What this invocation has seen to be done already, so that judging again does not do it again. */
  readonly done: Set<string>;
}

export type StageFunction = (context: StageContext) => Promise<Step>;
