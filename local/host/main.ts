import { Command } from 'commander';
import { drainTime, type RunningHost, runHost } from './host.ts';
import { HostError } from './host-error.ts';
import { createKeys, parseKeys } from './keys.ts';
import { queueTiming } from './queue/listener.ts';

/** What the child tells its parent, one message, over the IPC channel. */
export type HostMessage =
  | ({ readonly type: 'ready' } & Pick<RunningHost, 'endpoint' | 'functions' | 'errors'>)
  | { readonly type: 'failed'; readonly message: string };

const command = new Command('functions-host')
  .description('Runs the functions of a Node app (programming model v4) on this machine.')
  .argument('[app]', 'folder of the app: package.json, host.json, local.settings.json', '.')
  .option('-p, --port <number>', 'port on the loopback address; 0 is a free one', '7071')
  .option('--verbose', 'every log line, whatever host.json says', false)
  .option('--message-invisibility <seconds>', 'how long a received message is hidden; real hosts take 600', '600')
  .parse();
const flags = command.opts<{ port: string; verbose: boolean; messageInvisibility: string }>();

/** The parent's keys come by the environment: a command line can be read by everybody. The app does not see them. */
function takeKeys() {
  const given = process.env.LOCAL_FUNCTIONS_HOST_KEYS;
  delete process.env.LOCAL_FUNCTIONS_HOST_KEYS;
  return given ? parseKeys(given) : createKeys();
}

const tell = (message: HostMessage): void => void process.send?.(message);

function printTable(host: RunningHost, masterKey: string): void {
  console.log(`\nFunctions at ${host.endpoint}:\n`);
  for (const { name, trigger, url, methods } of host.functions) {
    console.log(`  ${name}: ${url ? `[${methods?.join(',')}] ${url}` : `${trigger}Trigger`}`);
  }
  console.log(`\nMaster key: ${masterKey}\n`);
}

async function main(): Promise<void> {
  const keys = takeKeys();
  const invisibility = Number(flags.messageInvisibility);
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new HostError(`--port ${flags.port}: expected 0 to 65535.`);
  if (!Number.isInteger(invisibility) || invisibility < 1 || invisibility > 604_800) {
    throw new HostError(`--message-invisibility ${flags.messageInvisibility}: expected 1 to 604800 seconds.`);
  }
  const host = await runHost({
    app: command.args[0] ?? '.',
    port,
    keys,
    verbose: flags.verbose,
    timing: { invisibility, renewEvery: Math.min(queueTiming.renewEvery, invisibility * 500) },
    environment: process.env,
    write: (line) => console.log(line),
    now: () => new Date(),
    random: Math.random,
  });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await host.stop(drainTime);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  // The channel closes when the parent ends, however it ends.
  if (process.send) process.on('disconnect', () => process.exit(0));
  else printTable(host, keys.master);
  tell({ type: 'ready', endpoint: host.endpoint, functions: host.functions, errors: host.errors });
}

main().catch((error: Error) => {
  const message = error instanceof HostError ? error.message : (error.stack ?? error.message);
  console.error(message);
  const failed: HostMessage = { type: 'failed', message };
  if (process.send) process.send(failed, () => process.exit(1));
  else process.exit(1);
});
