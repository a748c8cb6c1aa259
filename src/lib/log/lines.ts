/**
 * The lines that Sluice writes to its log: one JSON object each, told apart by `name`. The workbook and the alerts read
 * them. Texts from elsewhere are masked before they become part of a line.
 */
import { maskSecrets } from '../http/mask.ts';
import type { TransitionEvent } from '../pipeline/ports.ts';

/** A run, or a tag itself, went from one state to another. `at`: by the state store's clock. */
export function transitionLine(event: TransitionEvent, invocation: string): string {
  const { tracked, run, digest, kind, from, to, outcome, why, by, at } = event;
  const { image, tag } = tracked;
  return line('sluice.transition', {
    run,
    image,
    tag,
    digest,
    kind,
    from,
    to,
    outcome,
    why,
    by,
    at: new Date(at).toISOString(),
    invocation,
  });
}

export interface Tick {
  readonly function: string;
  /** Tags that were looked at; of the sweep: runs. */
  readonly tags: number;
  /** Requests to registries, tokens left out. */
  readonly requests: number;
  readonly changed: number;
  /** First imports that a later tick starts. */
  readonly postponed: number;
  /** What could not be looked at. */
  readonly unknown: number;
  readonly durationMs: number;
}

export function tickLine(tick: Tick, invocation: string): string {
  return line('sluice.tick', { ...tick, invocation });
}

/** What an event came to. `repository` and `tag` as the event named them. */
export interface EventOutcome {
  readonly result: 'handled' | 'ignored' | 'malformed';
  readonly why: string;
  readonly type?: string | undefined;
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
  readonly runs?: readonly string[] | undefined;
}

export function eventLine(outcome: EventOutcome, invocation: string): string {
  return line('sluice.event', { ...outcome, invocation });
}

/** What a message of the queue came to. */
export interface AdvanceOutcome {
  readonly run: string;
  readonly image: string;
  readonly tag: string;
  readonly result: string;
  readonly why?: string | undefined;
}

export function advanceLine(outcome: AdvanceOutcome, invocation: string): string {
  return line('sluice.advance', { ...outcome, invocation });
}

/** One thing that went wrong inside an invocation that went on. */
export function troubleLine(trouble: { readonly of: string; readonly why: string }, invocation: string): string {
  return line('sluice.trouble', { ...trouble, invocation });
}

/** What is undefined is left out. */
function line(name: string, fields: Readonly<Record<string, unknown>>): string {
  const masked = Object.entries(fields).map(([key, value]) => [key, maskValue(value)]);
  return JSON.stringify({ name, ...Object.fromEntries(masked) });
}

function maskValue(value: unknown): unknown {
  return typeof value === 'string' ? maskSecrets(value) : value;
}
