import { spawn } from 'node:child_process';
import { textOf } from './log.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Gets stdout and stderr, in the order they were written. Without it both are collected. */
  readonly onOutput?: (text: string) => void;
}

export interface Outcome {
  /** The exit status; 128 + n for a process that signal n ended. */
  readonly code: number;
  readonly aborted: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A process in a mount and a process-id namespace of its own. When its first process dies, the kernel kills all others
 * and drops its mounts, and the first process dies with us (`setpriv --pdeathsig`, `unshare --kill-child`): nothing can
 * be left running or mounted, even when this process is killed.
 */
const NAMESPACED = [
  'setpriv',
  '--pdeathsig=KILL',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child=KILL',
  '--mount-proc',
  '--propagation=private',
  '--',
];

// One pipe for both streams keeps their order.
const MERGED = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh'];

const SIGNALS: Readonly<Record<string, number>> = {
  SIGKILL: 9,
  SIGTERM: 15,
  SIGINT: 2,
  SIGHUP: 1,
  SIGSEGV: 11,
  SIGABRT: 6,
};

/** Runs to the end, or until the signal kills it. It ends when no process that it started holds its output any more. */
export function contained(command: Command): Promise<Outcome> {
  if (command.signal.aborted) return Promise.resolve({ code: 137, aborted: true, stdout: '', stderr: '' });
  const { onOutput } = command;
  const [program = '', ...args] = [...NAMESPACED, ...(onOutput ? MERGED : []), ...command.argv];
  const child = spawn(program, args, {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
  const collected = { stdout: '', stderr: '' };
  const collect = (stream: 'stdout' | 'stderr') => (text: string) => {
    collected[stream] += text;
  };
  const out = textOf(onOutput ?? collect('stdout'));
  const err = textOf(onOutput ?? collect('stderr'));
  child.stdout.on('data', (chunk: Buffer) => out.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.write(chunk));
  return new Promise((resolve, reject) => {
    let aborted = false;
    const kill = () => {
      aborted = true;
      child.kill('SIGKILL');
    };
    command.signal.addEventListener('abort', kill, { once: true });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      command.signal.removeEventListener('abort', kill);
      out.end();
      err.end();
      resolve({ code: code ?? 128 + (SIGNALS[signal ?? ''] ?? 9), aborted, ...collected });
    });
  });
}
