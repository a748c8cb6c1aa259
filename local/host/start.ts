import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Closeable } from '../contracts.ts';
import type { FunctionInError } from './bindings.ts';
import { buildHost } from './build.ts';
import type { FunctionSummary } from './host.ts';
import { HostError } from './host-error.ts';
import { createKeys, functionKey, type HostKeys } from './keys.ts';
import type { HostMessage } from './main.ts';

export interface StartHostOptions {
  /** Folder of the app: package.json, host.json, local.settings.json. */
  readonly app: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Added to the environment of the host; they win over local.settings.json. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A file of certificates the functions trust: NODE_EXTRA_CA_CERTS. */
  readonly caFile?: string;
  readonly keys?: HostKeys;
  readonly verbose?: boolean;
  /** Seconds a received message stays hidden; default 600, as on Azure. Shorten it to see a killed host's messages again. */
  readonly messageInvisibility?: number;
  /** Each line that the host or a function writes. */
  readonly onLine?: (line: string) => void;
}

export interface LocalHost extends Closeable {
  readonly endpoint: string;
  readonly keys: HostKeys;
  readonly functions: readonly FunctionSummary[];
  /** Functions that were left out, and why. */
  readonly errors: readonly FunctionInError[];
  readonly pid: number;
  /** The key of one function. */
  functionKey(name: string): string;
  /** Where Event Grid delivers to a function, with the key. */
  eventGridUrl(name: string): string;
  /** As a machine that loses its power: no function ends, no message is given back. */
  kill(): Promise<void>;
  /** Resolves when the process has ended, whoever ended it. */
  readonly exited: Promise<number | null>;
}

function spawnHost(main: string, options: StartHostOptions, keys: HostKeys): ChildProcess {
  const flags = ['--port', String(options.port ?? 0)];
  if (options.verbose === true) flags.push('--verbose');
  if (options.messageInvisibility !== undefined)
    flags.push('--message-invisibility', String(options.messageInvisibility));
  return spawn(process.execPath, [main, resolve(options.app), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Where the real host starts its workers.
    cwd: resolve(options.app),
    // A group of its own: the terminal's Ctrl-C reaches the parent alone, which ends its parts in order.
    detached: true,
    env: {
      ...process.env,
      // The loader of whoever starts the host is not the app's.
      NODE_OPTIONS: '',
      ...(options.caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.caFile }),
      ...options.settings,
      LOCAL_FUNCTIONS_HOST_KEYS: JSON.stringify(keys),
    },
  });
}

/** Milliseconds an app may take to load. */
const startTimeout = 60_000;

/** Waits for the host's one message. A host that ends without it has written why. */
function whenReady(child: ChildProcess, lastLines: readonly string[]): Promise<HostMessage & { type: 'ready' }> {
  return new Promise((ready, reject) => {
    const timer = setTimeout(() => {
      reject(
        new HostError(`The functions host was not ready after ${startTimeout / 1000} s:\n${lastLines.join('\n')}`),
      );
      child.kill('SIGKILL');
    }, startTimeout);
    child.once('exit', () => clearTimeout(timer));
    child.once('message', (message: HostMessage) => {
      clearTimeout(timer);
      if (message.type === 'ready') ready(message);
      else reject(new HostError(message.message));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(
        new HostError(`The functions host ended (${signal ?? code}) before it was ready:\n${lastLines.join('\n')}`),
      ),
    );
  });
}

/** Starts the functions host as a child process, which ends with this one. Rejects with a HostError if it cannot start. */
export async function startHost(options: StartHostOptions): Promise<LocalHost> {
  const keys = options.keys ?? createKeys();
  const child = spawnHost(await buildHost(), options, keys);
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      options.onLine?.(line);
    });
  }
  const { endpoint, functions, errors } = await whenReady(child, lastLines);
  return {
    endpoint,
    keys,
    functions,
    errors,
    pid: child.pid ?? 0,
    exited,
    functionKey: (name) => functionKey(keys, name),
    eventGridUrl: (name) =>
      `${endpoint}/runtime/webhooks/eventgrid?${new URLSearchParams({ functionName: name, code: keys.eventGrid })}`,
    close: async () => {
      child.kill('SIGTERM');
      await exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
