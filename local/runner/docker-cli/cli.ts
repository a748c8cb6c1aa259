import { planBuild, runBuild } from '../builds/build.ts';
import { formatImageName, parseImageName, repositoryOf } from '../images/name.ts';
import { imageNameOrMessage } from '../images/run-images.ts';
import type { Run } from '../run-context.ts';
import { type FlagTable, parseFlags } from './flags.ts';
import { dockerRun, type Surroundings } from './run-container.ts';
import { parseRun } from './run-options.ts';

/** Where and with what a docker command is run. */
export interface CliCall extends Surroundings {
  /** Relative to the workspace. */
  readonly workingDirectory: string;
}

type Handler = (run: Run, words: readonly string[], call: CliCall) => Promise<number>;

const COMMANDS: Readonly<Record<string, Handler>> = {
  run,
  pull,
  tag,
  push,
  build,
  login,
  logout,
  version,
  inspect,
  images,
  rmi,
  info,
};
const USAGE: Readonly<Record<string, string>> = {
  run: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  pull: '[OPTIONS] NAME[:TAG|@DIGEST]',
  tag: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  push: '[OPTIONS] NAME[:TAG]',
  build: '[OPTIONS] PATH | URL | -',
  login: '[OPTIONS] [SERVER]',
  logout: '[SERVER]',
  version: '[OPTIONS]',
  inspect: '[OPTIONS] NAME|ID [NAME|ID...]',
  images: '[OPTIONS] [REPOSITORY[:TAG]]',
  rmi: '[OPTIONS] IMAGE [IMAGE...]',
  info: '[OPTIONS]',
};
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  container: ['run'],
  image: ['pull', 'tag', 'push', 'build', 'inspect'],
  buildx: ['build'],
};
const VERSION = '28.2.2';

/** Acts out one docker command: its exit status, with what it prints in the log. */
export async function dockerCli(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const [first = '', second = '', ...more] = words;
  const grouped = GROUPS[first]?.includes(second);
  const [name, rest] = grouped ? [second, more] : [first, words.slice(1)];
  if (name === '-v' || name === '--version') {
    call.print(`Docker version ${VERSION}, build sluice\n`);
    return 0;
  }
  const handler = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!handler) {
    call.print(
      `docker: '${words.join(' ')}' is not supported by the local runner: it acts out "docker ${Object.keys(COMMANDS).join('", "docker ')}", and has no shell or engine.\n`,
    );
    return 125;
  }
  return handler(run, rest, call);
}

function misuse(call: CliCall, name: string, message: string, code = 125): number {
  call.print(
    `${message}\n\nUsage:  docker ${name} ${USAGE[name]}\n\nRun 'docker ${name} --help' for more information\n`,
  );
  return code;
}

/** The flags and arguments of a command that takes a number of arguments, or the exit status of its misuse. */
function read(call: CliCall, name: string, words: readonly string[], table: FlagTable, counts: readonly number[]) {
  const parsed = parseFlags(words, table, true);
  if (!parsed.ok) return misuse(call, name, parsed.message);
  if (counts.length > 0 && !counts.includes(parsed.rest.length)) {
    const count = counts.at(-1) ?? 0;
    return misuse(call, name, `docker: 'docker ${name}' requires ${count} argument${count === 1 ? '' : 's'}`, 1);
  }
  return { flags: parsed.flags, args: parsed.rest };
}

async function run(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const parsed = parseRun(words);
  if (parsed.ok) return dockerRun(run, parsed.options, call);
  if (parsed.usage) return misuse(call, 'run', parsed.message);
  call.print(`${parsed.message}\n\nRun 'docker run --help' for more information\n`);
  return 125;
}

async function pull(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const table: FlagTable = { quiet: { type: 'bool', short: 'q' }, platform: { type: 'value' } };
  const command = read(call, 'pull', words, table, [1]);
  if (typeof command === 'number') return command;
  const [text = ''] = command.args;
  const name = imageNameOrMessage(text);
  if (typeof name === 'string') return print(call, `${name}\n`, 1);
  const pulled = await run.images.pull(name, call.signal, command.flags.value('platform'));
  if (!pulled.ok) return print(call, `Error response from daemon: ${pulled.message}\n`, 1);
  const tag = name.tag ?? name.digest;
  if (command.flags.isOn('quiet')) return print(call, `${formatImageName(name)}\n`, 0);
  return print(
    call,
    `${tag}: Pulling from ${name.repository}\nDigest: ${pulled.digest}\nStatus: Downloaded newer image for ${text}\n${formatImageName(name)}\n`,
    0,
  );
}

async function tag(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const command = read(call, 'tag', words, {}, [2]);
  if (typeof command === 'number') return command;
  const [source = '', target = ''] = command.args;
  const from = parseImageName(source);
  const to = parseImageName(target);
  const image = from && run.images.get(from);
  if (!image) return print(call, `Error response from daemon: No such image: ${source}\n`, 1);
  if (!to || to.digest) return print(call, `Error parsing reference: "${target}" is not a valid repository/tag\n`, 1);
  run.images.set(to, image);
  return 0;
}

async function push(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const command = read(call, 'push', words, { quiet: { type: 'bool', short: 'q' } }, [1]);
  if (typeof command === 'number') return command;
  const [text = ''] = command.args;
  const name = imageNameOrMessage(text);
  if (typeof name === 'string') return print(call, `${name}\n`, 1);
  call.print(`The push refers to repository [${repositoryOf(name)}]\n`);
  const image = run.images.get(name);
  if (!image) return print(call, `An image does not exist locally with the tag: ${repositoryOf(name)}\n`, 1);
  const pushed = await run.images.push(image, name, call.signal, call.print);
  if (!pushed.ok) return print(call, `${pushed.message}\n`, 1);
  run.pushed.push({ registry: name.registry, repository: name.repository, tag: name.tag ?? '', digest: pushed.digest });
  return print(call, `${name.tag}: digest: ${pushed.digest} size: ${pushed.size}\n`, 0);
}

async function build(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const plan = await planBuild(run, words, call);
  if (!plan.ok) return print(call, `${plan.message}\n`, plan.code);
  return (await runBuild(run, plan.build, call)).code;
}

async function login(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const table: FlagTable = {
    username: { type: 'value', short: 'u' },
    password: { type: 'value', short: 'p' },
    'password-stdin': { type: 'bool' },
  };
  const command = read(call, 'login', words, table, [0, 1]);
  if (typeof command === 'number') return command;
  const username = command.flags.value('username');
  const password = command.flags.value('password');
  const [server = 'docker.io'] = command.args;
  if (!username || !password)
    return print(call, 'Error: Cannot perform an interactive login from a non TTY device\n', 1);
  await run.images.login(server, { username, password });
  return print(call, 'Login Succeeded\n', 0);
}

async function logout(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const [server = 'docker.io'] = words;
  await run.images.logout(server);
  return print(call, `Removing login credentials for ${server}\n`, 0);
}

async function version(_run: Run, _words: readonly string[], call: CliCall): Promise<number> {
  return print(call, `Client:\n Version:           ${VERSION}\n OS/Arch:           linux/amd64\n`, 0);
}

async function info(_run: Run, _words: readonly string[], call: CliCall): Promise<number> {
  return print(call, `Client:\n Version:    ${VERSION}\n\nServer:\n Local runner: buildah and runc, no engine\n`, 0);
}

async function inspect(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const command = read(call, 'inspect', words, {}, []);
  if (typeof command === 'number') return command;
  const found: unknown[] = [];
  for (const text of command.args) {
    const name = parseImageName(text);
    const image = name && run.images.get(name);
    if (!image) return print(call, `[]\nError: No such object: ${text}\n`, 1);
    const { env, entrypoint, command: cmd, workingDirectory, user } = await run.store.read(image.id);
    const config = { Env: env, Entrypoint: entrypoint, Cmd: cmd, WorkingDir: workingDirectory, User: user };
    const digests = [...image.digests].map(([repository, digest]) => `${repository}@${digest}`);
    found.push({ Id: `sha256:${image.id}`, RepoTags: [text], RepoDigests: digests, Config: config });
  }
  return print(call, `${JSON.stringify(found, undefined, 4)}\n`, 0);
}

async function images(run: Run, _words: readonly string[], call: CliCall): Promise<number> {
  return print(call, `${run.images.names().join('\n')}\n`, 0);
}

async function rmi(run: Run, words: readonly string[], call: CliCall): Promise<number> {
  const command = read(call, 'rmi', words, { force: { type: 'bool', short: 'f' } }, []);
  if (typeof command === 'number') return command;
  for (const text of command.args) {
    const name = parseImageName(text);
    if (!name || !run.images.remove(name)) {
      return print(call, `Error response from daemon: No such image: ${text}\n`, 1);
    }
    call.print(`Untagged: ${text}\n`);
  }
  return 0;
}

function print(call: CliCall, text: string, code: number): number {
  call.print(text);
  return code;
}
