import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { capabilities } from '../container/capabilities.ts';
import type { Bind, ContainerConfig } from '../container/config.ts';
import { runContainer } from '../container/run.ts';
import { type Identity, resolveUser } from '../container/user.ts';
import { formatImageName } from '../images/name.ts';
import { imageNameOrMessage, type LocalImage } from '../images/run-images.ts';
import type { StoredImage } from '../images/store.ts';
import type { Run } from '../run-context.ts';
import type { RunOptions } from './run-options.ts';

/** What the step, and not the command's own flags, adds to a container. */
export interface Surroundings {
  /** The environment of the docker CLI itself: what `--env NAME` and `--env-file` read. */
  readonly env: ReadonlyMap<string, string>;
  readonly binds: readonly Bind[];
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const BUSYBOX = '/bin/busybox';
// busybox takes the name it is called by for a command's, unless that begins with its own.
const INIT_PATH = '/sbin/busybox-init';
/** Hands signals on to the command and reaps what it leaves behind, as Docker's own init does. */
const INIT = [INIT_PATH, 'sh', '-c', '"$@" & pid=$!; trap \'kill -TERM $pid\' TERM INT; wait $pid', 'init'];

const DAEMON = 'docker: Error response from daemon: ';

/** `docker run`: the exit status of the container, or 125, 126 or 127 with Docker's reason in the log. */
export async function dockerRun(run: Run, options: RunOptions, around: Surroundings): Promise<number> {
  const fail = (code: number, message: string) => {
    around.print(`${message}\n\nRun 'docker run --help' for more information\n`);
    return code;
  };
  const local = await findImage(run, options, around);
  if (typeof local === 'string') return fail(125, local);
  const image = await run.store.read(local.id);
  const id = run.newId();
  const config = await configure(run, options, around, image, id);
  if (typeof config === 'string') return fail(125, config);
  const end = await runContainer({
    store: run.store,
    image,
    config,
    directory: join(run.directory, 'containers', id),
    signal: around.signal,
    onOutput: around.print,
  });
  if (end.kind === 'not-started') return fail(end.code, `${DAEMON}${end.message}`);
  return end.kind === 'killed' ? 137 : end.code;
}

async function findImage(run: Run, options: RunOptions, around: Surroundings): Promise<LocalImage | string> {
  const name = imageNameOrMessage(options.image);
  if (typeof name === 'string') return `docker: ${name}`;
  const known = options.pull === 'always' ? undefined : run.images.get(name);
  if (known) return known;
  if (options.pull === 'never') return `${DAEMON}No such image: ${options.image}`;
  if (options.pull === 'missing') around.print(`Unable to find image '${formatImageName(name)}' locally\n`);
  const pulled = await run.images.pull(name, around.signal, options.platform);
  if (!pulled.ok) return `${DAEMON}${pulled.message}`;
  const pulling = `${name.tag ?? name.digest}: Pulling from ${name.repository}\n`;
  around.print(`${pulling}Digest: ${pulled.digest}\nStatus: Downloaded newer image for ${options.image}\n`);
  return pulled.image;
}

async function configure(
  run: Run,
  options: RunOptions,
  around: Surroundings,
  image: StoredImage,
  id: string,
): Promise<ContainerConfig | string> {
  const granted = capabilities(options.capAdd, options.capDrop);
  if (!granted.ok) return `${DAEMON}${granted.message}`;
  const identity = await identify(run, options, image);
  if (typeof identity === 'string') return `${DAEMON}${identity}`;
  const args = commandOf(options, image);
  if (args.length === 0) return `${DAEMON}no command specified`;
  const env = await environment(run, options, around, image);
  if (typeof env === 'string') return `docker: ${env}`;
  const hostname = options.hostname ?? id.slice(0, 12);
  const binds = [
    ...(await volumeBinds(run, options)),
    ...around.binds,
    ...(await networkFiles(run, options, id, hostname)),
  ];
  return {
    args: options.init ? [...INIT, ...args] : args,
    env: unique([PATH, `HOSTNAME=${hostname}`, ...image.env, ...env]),
    cwd: options.workdir ?? image.workingDirectory,
    identity,
    capabilities: granted.names,
    noNewPrivileges: options.noNewPrivileges,
    seccomp: options.seccomp,
    readOnlyRoot: options.readOnly,
    network: options.network,
    hostname,
    binds: options.init ? [...binds, { source: BUSYBOX, target: INIT_PATH, readOnly: true }] : binds,
    tmpfs: options.mounts.tmpfs,
    shmBytes: options.shmBytes,
    limits: options.limits,
    rlimits: options.ulimits,
    cgroup: `${run.cgroup}/${id}`,
  };
}

async function identify(run: Run, options: RunOptions, image: StoredImage): Promise<Identity | string> {
  const [passwd = '', group = ''] = await Promise.all(
    ['etc/passwd', 'etc/group'].map((file) => run.store.readFile(image, file)),
  );
  const resolved = resolveUser(options.user ?? image.user, { passwd, group }, options.groupAdd);
  return resolved.ok ? resolved.identity : resolved.message;
}

/** With `--entrypoint` the image's own command is left out too. */
function commandOf(options: RunOptions, image: StoredImage): string[] {
  if (options.entrypoint !== undefined) return [...(options.entrypoint ? [options.entrypoint] : []), ...options.args];
  return [...image.entrypoint, ...(options.args.length > 0 ? options.args : image.command)];
}

async function environment(
  run: Run,
  options: RunOptions,
  around: Surroundings,
  image: StoredImage,
): Promise<string[] | string> {
  const env: string[] = [];
  for (const file of options.envFiles) {
    const lines = await readEnvFile(run, file);
    if (lines === undefined) return `open ${file}: no such file or directory`;
    env.push(...lines);
  }
  env.push(...options.env);
  const invalid = env.find((entry) => entry === '' || entry.startsWith('='));
  if (invalid !== undefined) return `invalid environment variable: ${invalid}`;
  return env.flatMap((entry) => {
    if (entry.includes('=')) return [entry];
    const value = around.env.get(entry);
    return value === undefined || image.env.includes(entry) ? [] : [`${entry}=${value}`];
  });
}

/** The CLI runs in the workspace; a file beyond it is not there for it. */
async function readEnvFile(run: Run, file: string): Promise<string[] | undefined> {
  const { workspace } = run.volumes;
  const path = resolve(workspace, file.replace(/^\/workspace\/?/, './'));
  if (!path.startsWith(`${workspace}/`)) return undefined;
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text
    ?.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

async function volumeBinds(run: Run, options: RunOptions): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const { volume, target, readOnly } of options.mounts.volumes) {
    binds.push({ source: await run.volumes.folder(volume ?? run.newId()), target, readOnly });
  }
  return binds;
}

/** `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` are the container's own, as Docker makes them. */
async function networkFiles(run: Run, options: RunOptions, id: string, hostname: string): Promise<Bind[]> {
  const extra = options.extraHosts.map((entry) => entry.split(/[:=](.*)/s)).map(([host, ip]) => `${ip}\t${host}`);
  const hosts = ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost', `127.0.1.1\t${hostname}`, ...extra];
  const resolver = options.network === 'none' ? '' : await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const contents = { hosts: `${hosts.join('\n')}\n`, hostname: `${hostname}\n`, 'resolv.conf': resolver };
  const directory = join(run.directory, 'etc', id);
  await mkdir(directory, { recursive: true });
  const binds: Bind[] = [];
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(join(directory, name), content);
    binds.push({ source: join(directory, name), target: `/etc/${name}`, readOnly: false });
  }
  return binds;
}

/** The last value of each name wins. */
function unique(env: readonly string[]): string[] {
  return [...new Map(env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry])).values()];
}
