import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Closeable, LocalRegistry, LogSink } from '../contracts.ts';
import { startRunner } from '../runner/index.ts';

/** Runs images as a machine of its own would: pulled by digest, in a container, on the machine's network. */
export interface ContainerHost extends Closeable {
  /** `http://127.0.0.1:PORT`: the same for each image, one after the other. */
  readonly address: string;
  /** Stops what runs, and starts `image` (`host/repository@digest`). Resolves when it answers, with its page. */
  show(image: string, signal?: AbortSignal): Promise<string>;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  log: string;
  over: boolean;
}

/**
 * @param registry where the images are
 * @param stateDir a folder of its own for layers
 */
export async function startContainerHost(
  registry: LocalRegistry,
  options: { readonly caFile: string; readonly stateDir: string },
): Promise<ContainerHost> {
  const runner = await startRunner({ stateDir: join(options.stateDir, 'containers') });
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const login = { name: registry.name, loginServer: registry.loginServer, ...registry.admin };
  let running: Running | undefined;

  const start = (image: string): Running => {
    const stop = new AbortController();
    const run = `run --rm --read-only --tmpfs /tmp --env PORT=${port} --env HOST=127.0.0.1 ${image}`;
    const content = `version: v1.1.0\nsteps:\n  - cmd: docker ${run}\n    timeout: 86400\n`;
    const log: LogSink = {
      write(text) {
        started.log += text;
      },
      end: async () => undefined,
    };
    const ended = runner
      .execute({
        runId: 'page',
        registry: login,
        logins: [login],
        caFile: options.caFile,
        step: { kind: 'yaml', content, values: [] },
        timeoutSeconds: 86_400,
        platform: { os: 'Linux', architecture: 'amd64' },
        log,
        signal: stop.signal,
        now: () => new Date(),
      })
      .then(() => {
        started.over = true;
      });
    const started: Running = { stop, ended, log: '', over: false };
    return started;
  };

  const stop = async () => {
    running?.stop.abort();
    await running?.ended;
    running = undefined;
  };

  return {
    address,
    async show(image, signal) {
      await stop();
      const container = start(image);
      running = container;
      return answering(address, () => {
        signal?.throwIfAborted();
        if (container.over) throw new Error(`${image} ended instead of serving a page:\n${container.log}`);
      });
    },
    async close() {
      await stop();
      await runner.close();
    },
  };
}

/** Asks until there is an answer; `check` throws where none can come any more. */
async function answering(address: string, check: () => void): Promise<string> {
  const until = AbortSignal.timeout(30_000);
  for (;;) {
    until.throwIfAborted();
    const answer = await fetch(address, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (answer?.ok) return answer.text();
    check();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address === 'string' || address === null) throw new Error('Looking for a free port failed.');
  return address.port;
}
