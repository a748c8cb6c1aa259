import { execFile } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import { ensureCertificate } from './certificate.ts';
import { dockerCli, makeDockerCli } from './docker-cli-image.ts';
import { type LocalAzure, startLocalAzure } from './index.ts';
import { type Instance, takeInstance } from './instance.ts';
import { awaitInterruption, exit } from './interruption.ts';
import { keepPorts, keptPorts } from './kept-ports.ts';
import type { FunctionsOptions, LocalPorts } from './options.ts';
import { appSettings } from './settings.ts';
import { printTable } from './table.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

interface Flags {
  readonly json: boolean;
  readonly keep: boolean;
  readonly functions: boolean;
  readonly app: string;
  readonly registry: readonly string[];
  readonly state: string;
  readonly port?: number;
  readonly armPort?: number;
  readonly identityPort?: number;
  readonly eventsPort?: number;
  readonly functionsPort?: number;
  readonly blobPort?: number;
  readonly queuePort?: number;
  readonly tablePort?: number;
  readonly registryPort: readonly number[];
}

const flags = new Command('npm run local --')
  .description('Starts a local Azure: registries, ARM, tasks, events, storage, identity and the functions host.')
  .option('--json', 'print one line of JSON on stdout when all is ready, for scripts', false)
  .option('--keep', 'keep what the last start left in the state folder', false)
  .option('--no-functions', 'leave the functions host out')
  .option('--app <folder>', 'the app that the functions host runs', root)
  .option('--registry <names...>', 'the registries, the buffer first', ['contosobaseimages', 'contosodev'])
  .option('--state <folder>', 'where everything lies', join(root, '.local'))
  .option('--port <number>', 'port of the front page', parsePort)
  .option('--registry-port <numbers...>', 'ports of the registries, in their order', parsePorts, [])
  .option('--arm-port <number>', 'port of ARM', parsePort)
  .option('--functions-port <number>', 'port of the functions host', parsePort)
  .option('--identity-port <number>', 'port of the identity endpoint', parsePort)
  .option('--events-port <number>', 'port of the control endpoint of events', parsePort)
  .option('--blob-port <number>', 'port of blobs', parsePort)
  .option('--queue-port <number>', 'port of queues', parsePort)
  .option('--table-port <number>', 'port of tables', parsePort)
  .addHelpText('after', '\nA port that is not given is a free one.')
  .parse()
  .opts<Flags>();

const note = (line: string) => console.error(line);

/** The answer is the exit code. */
async function main(): Promise<number> {
  const { came, signal } = awaitInterruption();
  const instance = await takeInstance(flags.state, { keep: flags.keep });
  if (instance.number > 1) note(`Another local Azure runs from ${flags.state}; this one lies in ${instance.folder}.`);
  const azure = await start(instance).catch(async (cause) => {
    await instance.close();
    throw cause;
  });
  try {
    const prepared = Promise.all([writeSettings(azure, instance), keepPorts(azure, instance), addTools(azure, signal)]);
    await prepared.catch((cause: unknown) => {
      // What is being made ends with the interruption.
      if (!signal.aborted) throw cause;
    });
    const ready = flags.json ? JSON.stringify(azure.summary()) : printTable(azure.summary(), instance.settingsFile);
    if (!signal.aborted) console.log(ready);
    const { name, code } = await came;
    note(`${name}: closing.`);
    return name === 'SIGHUP' ? code : 0;
  } finally {
    await azure.close();
    await instance.close();
  }
}

async function start(instance: Instance): Promise<LocalAzure> {
  // Clients keep trusting it from one start to the next, so it lies beside the state that is wiped.
  const certificate = await ensureCertificate(join(flags.state, 'tls'));
  const functions = flags.functions ? { functions: await theApp() } : {};
  return startLocalAzure({
    certificate,
    registries: flags.registry,
    state: instance.state,
    durable: true,
    page: true,
    ports: { ...(flags.keep ? await keptPorts(instance) : {}), ...ports() },
    ...functions,
  });
}

/** Without it every validation stalls. Making it needs root, as task runs do. */
async function addTools(azure: LocalAzure, signal: AbortSignal): Promise<void> {
  if (!azure.has('functions') || process.getuid?.() !== 0) return;
  await makeDockerCli(azure, signal);
  const [buffer] = azure.registries.keys();
  note(`${buffer} has ${dockerCli}, which validations start with; on Azure it is imported once.`);
}

/** Builds the bundle when the app is this repository's, and mirrors the filter that its events have on Azure. */
async function theApp(): Promise<FunctionsOptions> {
  const host = join(flags.app, 'host.json');
  await access(host).catch(() => {
    throw new Error(`There is no ${host}: name the app's folder with --app, or leave it out with --no-functions.`);
  });
  if (join(flags.app, '/') === root) await run(process.execPath, [join(root, 'scripts', 'build.mjs')]);
  return {
    app: flags.app,
    onLine: note,
    filter: {
      includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed'],
      advancedFilters: [{ operatorType: 'IsNotNull', key: 'data.target.tag' }],
    },
  };
}

function ports(): LocalPorts {
  const given = {
    page: flags.port,
    arm: flags.armPort,
    identity: flags.identityPort,
    events: flags.eventsPort,
    functions: flags.functionsPort,
    blob: flags.blobPort,
    queue: flags.queuePort,
    table: flags.tablePort,
  };
  const set = Object.entries(given).filter(([, port]) => port !== undefined);
  if (flags.registryPort.length === 0) return Object.fromEntries(set);
  const registries = flags.registry.map((name, index) => [name, flags.registryPort[index] ?? 0]);
  return { ...Object.fromEntries(set), registries: Object.fromEntries(registries) };
}

async function writeSettings(azure: LocalAzure, { settingsFile }: Instance): Promise<void> {
  const content = { IsEncrypted: false, Values: appSettings(azure) };
  await writeFile(settingsFile, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a number from 0 to 65535.');
  return port;
}

function parsePorts(text: string, before: readonly number[]): number[] {
  return [...before, parsePort(text)];
}

main().then(exit, (cause: unknown) => {
  note(cause instanceof Error ? cause.message : String(cause));
  process.exit(1);
});
