import { constants } from 'node:os';

type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

export interface Interruption {
  /** Aborted when somebody wants the end. */
  readonly signal: AbortSignal;
  /** `code`: as shells have it, 130 for SIGINT. */
  readonly came: Promise<{ readonly name: EndingSignal; readonly code: number }>;
}

/** Milliseconds in which a signal may come twice: Ctrl-C reaches this process from the terminal and from npm. */
const echo = 500;
/** Milliseconds that an orderly end may take. */
const patience = 15_000;

/**
 * The first signal, or the end of whoever read our output, is told; parts are then closed in order. A later signal, or an
 * end that takes too long, ends this process at once: children go with it.
 */
export function awaitInterruption(): Interruption {
  const ending = new AbortController();
  let since = 0;
  const came = new Promise<Awaited<Interruption['came']>>((resolve) => {
    const end = (name: EndingSignal) => {
      if (ending.signal.aborted) return;
      since = performance.now();
      ending.abort(new Error(`interrupted by ${name}`));
      resolve({ name, code: 128 + constants.signals[name] });
      setTimeout(() => process.exit(1), patience).unref();
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (ending.signal.aborted && performance.now() - since > echo) process.exit(1);
        end(name);
      });
    }
    // Without these, what is written to a closed pipe or terminal would be an uncaught error.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end('SIGPIPE'));
  });
  return { signal: ending.signal, came };
}

/** Node puts the terminal in order when it exits, and crashes where that is gone: a hang-up ends us as it would have. */
export function exit(code: number): void {
  if (code !== 128 + constants.signals.SIGHUP) process.exit(code);
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
