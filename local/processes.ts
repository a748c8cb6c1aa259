import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Closeable } from './contracts.ts';

export interface Child extends Closeable {
  readonly process: ChildProcess;
  /** Settles when the process has ended, with how, in words. */
  readonly ended: Promise<string>;
  /** From now on it is said on stderr when the process ends by itself. */
  watch(): void;
  /** The last lines it wrote to stderr, for error messages. */
  lastWords(): string;
}

export interface ChildOptions {
  /** What it is, for messages. */
  readonly part: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Opens a channel for messages, as `fork` does. */
  readonly ipc?: boolean;
  /** What the kernel sends it when this process dies. Default KILL; TERM for one that has something to save. */
  readonly deathSignal?: 'KILL' | 'TERM';
  /** Milliseconds between SIGTERM and SIGKILL when closed. Default 2000. */
  readonly grace?: number;
}

/**
 * Starts a program that lives no longer than this process: the kernel ends it when this process dies, even by
 * SIGKILL (`setpriv --pdeathsig`, which Debian always has). A process group of its own keeps the terminal's Ctrl-C
 * away from it, so that parts end in order.
 */
export function startChild(command: string, args: readonly string[], options: ChildOptions): Child {
  const { part, env = process.env, cwd, ipc = false, deathSignal = 'KILL', grace = 2000 } = options;
  const spawnOptions: SpawnOptions = {
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    ...(cwd === undefined ? {} : { cwd }),
  };
  const child = spawn('setpriv', ['--pdeathsig', deathSignal, '--', command, ...args], spawnOptions);
  const words = collectTail(child);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (cause) => resolve(`could not be started: ${cause.message}`));
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
  });
  let closing = false;
  return {
    process: child,
    ended,
    watch: () => {
      void ended.then((how) => closing || console.error(`${part} ${how}. ${words()}`));
    },
    lastWords: words,
    close: () => {
      closing = true;
      return stop(child, part, grace);
    },
  };
}

async function stop(child: ChildProcess, part: string, grace: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), grace);
  const stuck = setTimeout(() => console.error(`${part} (process ${child.pid}) does not end.`), grace + 5000);
  await exit;
  clearTimeout(kill);
  clearTimeout(stuck);
}

function collectTail(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-4000);
  });
  return () => tail.trim();
}
