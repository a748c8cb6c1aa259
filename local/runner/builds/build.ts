import { mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CliCall } from '../docker-cli/cli.ts';
import { formatImageName, type ImageName, parseImageName, repositoryOf } from '../images/name.ts';
import type { BaseImage, Run } from '../run-context.ts';
import { type Base, basesOf, pinBases, type Scan, scanDockerfile } from './dockerfile.ts';
import { type BuildOptions, parseBuild } from './options.ts';

/** A build whose command and Dockerfile have been read; nothing has been fetched yet. */
export interface PlannedBuild {
  readonly options: BuildOptions;
  readonly scan: Scan;
  readonly context: string;
  readonly ignoreFile: string | undefined;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly tags: readonly ImageName[];
}

export type Planned =
  | { readonly ok: true; readonly build: PlannedBuild }
  | { readonly ok: false; readonly code: number; readonly message: string };

export interface Built {
  readonly code: number;
  readonly runtime: BaseImage;
  readonly buildTime: readonly BaseImage[];
}

const NOTHING: Built = { code: 1, runtime: { name: 'scratch', digest: '' }, buildTime: [] };

/** Reads the words after `docker build`, and the Dockerfile that they name. */
export async function planBuild(run: Run, words: readonly string[], call: CliCall): Promise<Planned> {
  const parsed = parseBuild(words);
  if (!parsed.ok) return parsed;
  const { options } = parsed;
  const refuse = (message: string): Planned => ({ ok: false, code: 1, message });
  if (/^(https?:|git@|git:|ssh:)/.test(options.context) || options.context === '-') {
    return refuse(`the build context ${options.context} is not supported by the local runner: use a local folder`);
  }
  const context = await inWorkspace(run, call.workingDirectory, options.context);
  if (!context) return refuse(`unable to prepare context: path "${options.context}" not found`);
  const written = options.file ?? join(options.context, 'Dockerfile');
  const file = await inWorkspace(run, call.workingDirectory, written);
  if (!file || !(await stat(file)).isFile()) {
    return refuse(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: ${written} not found in the workspace`,
    );
  }
  const tags = options.tags.map((tag) => parseImageName(tag));
  const bad = tags.findIndex((tag) => tag === undefined || tag.digest !== undefined);
  if (bad >= 0)
    return {
      ok: false,
      code: 125,
      message: `invalid argument "${options.tags[bad]}" for "-t, --tag" flag: invalid reference format`,
    };
  const buildArgs = new Map(options.buildArgs.flatMap((argument) => argumentOf(argument, call)));
  const scanned = scanDockerfile(await readFile(file, 'utf8'), buildArgs, run.job.platform, options.target);
  if (!scanned.ok) return refuse(scanned.message);
  const ignoreFile = await inWorkspace(run, '', `${file}.dockerignore`);
  const known = tags.filter((tag) => tag !== undefined);
  return { ok: true, build: { options, scan: scanned.scan, context, ignoreFile, buildArgs, tags: known } };
}

/** Builds, on exactly the digests that its bases have when it begins, and names the result for the rest of the run. */
export async function runBuild(run: Run, build: PlannedBuild, call: CliCall): Promise<Built> {
  const bases = await resolveBases(run, build, call);
  if (typeof bases === 'string') {
    call.print(`${bases}\n`);
    return NOTHING;
  }
  const directory = join(run.directory, 'builds', run.newId());
  await mkdir(directory, { recursive: true });
  const pins = new Map([...bases].map(([text, base]) => [text, base.pin]));
  await writeFile(join(directory, 'Dockerfile'), pinBases(build.scan, pins));
  const flags = await buildFlags(run, build, bases, directory);
  const outcome = await run.store.buildah(['build', ...flags, build.context], {
    signal: call.signal,
    onOutput: call.print,
  });
  if (outcome.code !== 0) return { ...NOTHING, code: outcome.code };
  const id = (await readFile(join(directory, 'iid'), 'utf8')).trim().replace('sha256:', '');
  nameResult(run, build, id, call);
  const { runtime, buildTime } = basesOf(build.scan);
  const record = (base: Base): BaseImage =>
    base.kind === 'image'
      ? { name: base.name, digest: bases.get(base.text)?.digest ?? '' }
      : { name: 'scratch', digest: '' };
  return { code: 0, runtime: record(runtime), buildTime: uniqueBases(buildTime.map(record)) };
}

interface ResolvedBase {
  /** What the FROM names: the image's id in the store. */
  readonly pin: string;
  readonly digest: string;
}

/** Every image that the Dockerfile builds on or copies from, fetched. A string is the reason why not. */
async function resolveBases(run: Run, build: PlannedBuild, call: CliCall): Promise<Map<string, ResolvedBase> | string> {
  const resolved = new Map<string, ResolvedBase>();
  const images = build.scan.stages.map((stage) => stage.base).filter((base) => base.kind === 'image');
  const copied = build.scan.copiedFrom.map((text) => ({ text, name: parseImageName(text), platform: undefined }));
  for (const { text, name, platform } of [...images, ...copied]) {
    if (resolved.has(text)) continue;
    if (!name) return `invalid from flag value ${text}: invalid reference format`;
    const local = run.images.get(name);
    if (local) {
      resolved.set(text, { pin: local.id, digest: local.digests.get(repositoryOf(name)) ?? '' });
      continue;
    }
    const pulled = await run.images.pull(name, call.signal, platform ?? build.options.platform);
    if (!pulled.ok) return `pull ${formatImageName(name)}: ${pulled.message}`;
    // By id: the name of an index with its digest stands for whatever platform was fetched last, by any run.
    resolved.set(text, { pin: pulled.image.id, digest: pulled.digest });
    call.print(`${name.tag ?? name.digest}: Pulling from ${name.repository}\nDigest: ${pulled.digest}\n`);
  }
  return resolved;
}

async function buildFlags(
  run: Run,
  build: PlannedBuild,
  bases: ReadonlyMap<string, ResolvedBase>,
  directory: string,
): Promise<string[]> {
  const { options } = build;
  const isolation = ['--isolation', 'oci', '--runtime', 'runc', '--network', 'host', '--cgroup-parent', run.cgroup];
  return [
    ...run.images.access(),
    ...isolation,
    ...['--format', 'docker', '--layers', '--pull-never'],
    ...['--file', join(directory, 'Dockerfile'), '--iidfile', join(directory, 'iid')],
    ...(build.ignoreFile ? ['--ignorefile', build.ignoreFile] : []),
    ...(options.noCache ? ['--no-cache'] : []),
    ...[...build.buildArgs].flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...build.scan.copiedFrom.flatMap((text) => [
      '--build-context',
      `${text}=container-image://${bases.get(text)?.pin}`,
    ]),
    ...options.passedOn,
  ];
}

function nameResult(run: Run, build: PlannedBuild, id: string, call: CliCall): void {
  call.print(`Successfully built ${id.slice(0, 12)}\n`);
  for (const tag of build.tags) {
    run.images.set(tag, { id, digests: new Map() });
    call.print(`Successfully tagged ${formatImageName(tag)}\n`);
  }
}

function uniqueBases(bases: readonly BaseImage[]): BaseImage[] {
  return [...new Map(bases.map((base) => [JSON.stringify(base), base])).values()];
}

function argumentOf(argument: string, call: CliCall): [string, string][] {
  const equals = argument.indexOf('=');
  if (equals > 0) return [[argument.slice(0, equals), argument.slice(equals + 1)]];
  const value = call.env.get(argument);
  return value === undefined ? [] : [[argument, value]];
}

/** A path of the command, as the agent's container sees it, on our disk; undefined where it leads out of the workspace. */
async function inWorkspace(run: Run, workingDirectory: string, path: string): Promise<string | undefined> {
  const root = await realpath(run.volumes.workspace);
  const own = path.startsWith(`${root}/`) ? path : undefined;
  const seen = resolve('/workspace', workingDirectory, path).replace(/^\/workspace(\/|$)/, './');
  if (!own && seen.startsWith('/')) return undefined;
  const real = await realpath(own ?? resolve(root, seen)).catch(() => undefined);
  return real === root || real?.startsWith(`${root}/`) ? real : undefined;
}
