import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { writeAuthFile } from './images/auth-file.ts';
import { type ImageName, parseImageName } from './images/name.ts';
import { type Login, resolveManifest } from './images/registry.ts';
import { ImageStore } from './images/store.ts';

/** What a base image is made of. All is taken from this machine, so that none has to be downloaded. */
export type BaseKind =
  /** A shell and the usual commands. */
  | 'busybox'
  /** The same, and this machine's Node. */
  | 'node'
  /** Stands for the docker CLI, which the local runner acts out: an image that is only there. */
  | 'docker-cli';

export interface BaseImageOptions {
  readonly kind: BaseKind;
  /** `host/repository:tag`, where it is pushed. */
  readonly reference: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly login?: Login;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
}

export interface MadeImage {
  readonly reference: string;
  readonly digest: string;
}

const PASSWD =
  'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n';
const GROUP = 'root:x:0:\nnode:x:1000:\nnogroup:x:65534:\n';

const run = promisify(execFile);

/**
 * Makes base images and pushes them. The same options give the same digest: layers carry no times.
 * @param stateDir a folder of its own for the layers; making many images in one shares them
 */
export class BaseImages {
  readonly #store: ImageStore;
  readonly #stateDir: string;
  readonly #caFile: string;

  constructor(stateDir: string, caFile: string) {
    this.#store = new ImageStore(stateDir);
    this.#stateDir = stateDir;
    this.#caFile = caFile;
  }

  async make(options: BaseImageOptions): Promise<MadeImage> {
    const name = parseImageName(options.reference);
    if (!name?.tag) throw new Error(`Cannot make a base image: ${options.reference} is not host/repository:tag.`);
    const directory = await mkdtemp(join(this.#stateDir, 'base-'));
    try {
      await layOut(join(directory, 'root'), options.kind);
      await writeFile(join(directory, 'Dockerfile'), dockerfile(options));
      const iid = join(directory, 'iid');
      const layers = ['--format', 'docker', '--layers', '--timestamp', '0', '--iidfile', iid];
      await this.#buildah(['build', ...layers, directory], options);
      return await this.#push(directory, options, name);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #push(directory: string, options: BaseImageOptions, name: ImageName): Promise<MadeImage> {
    await mkdir(join(directory, 'certs'));
    await copyFile(this.#caFile, join(directory, 'certs', 'ca.crt'));
    const access = ['--cert-dir', join(directory, 'certs'), '--signature-policy', this.#store.policyFile];
    if (options.login) {
      const authFile = join(directory, 'auth.json');
      await writeAuthFile(authFile, [[name.registry, options.login]]);
      access.push('--authfile', authFile);
    }
    const id = await readFile(join(directory, 'iid'), 'utf8');
    await this.#buildah(['push', ...access, '--format', 'v2s2', id.trim(), `docker://${options.reference}`], options);
    const { signal = new AbortController().signal } = options;
    const resolved = await resolveManifest(name, options.login, this.#caFile, signal);
    if (resolved.kind !== 'found') throw new Error(`Pushed ${options.reference}, but the registry does not have it.`);
    return { reference: options.reference, digest: resolved.digest };
  }

  async #buildah(words: readonly string[], options: BaseImageOptions): Promise<void> {
    const { signal = new AbortController().signal } = options;
    const outcome = await this.#store.buildah(words, { signal });
    options.signal?.throwIfAborted();
    if (outcome.code !== 0) throw new Error(`buildah ${words[0]} ended with ${outcome.code}: ${outcome.stderr.trim()}`);
  }
}

async function layOut(root: string, kind: BaseKind): Promise<void> {
  for (const path of ['bin', 'etc', 'root', 'tmp', 'home/node', 'usr/bin', 'usr/local/bin', 'var']) {
    await mkdir(join(root, path), { recursive: true });
  }
  await chmod(join(root, 'tmp'), 0o1777);
  await writeFile(join(root, 'etc/passwd'), PASSWD);
  await writeFile(join(root, 'etc/group'), GROUP);
  const busybox = await realpath('/bin/busybox').catch(() => {
    throw new Error('Cannot make a base image: /bin/busybox is missing. Install the package busybox-static.');
  });
  await copyFile(busybox, join(root, 'bin/busybox'));
  const { stdout } = await run(busybox, ['--list']);
  for (const applet of stdout.trim().split('\n')) {
    if (applet !== 'busybox') await symlink('busybox', join(root, 'bin', applet));
  }
  if (kind === 'node') await addNode(root);
}

async function addNode(root: string): Promise<void> {
  await cp(process.execPath, join(root, 'usr/local/bin/node'), { dereference: true });
  const { stdout } = await run('ldd', [process.execPath]);
  for (const [, library = ''] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await cp(library, join(root, library), { dereference: true });
  }
}

function dockerfile({ kind, env = {}, labels = {} }: BaseImageOptions): string {
  const lines = ['FROM scratch', 'COPY root /', 'ENV PATH=/usr/local/bin:/usr/bin:/bin'];
  if (kind === 'node') lines.push(`ENV NODE_VERSION=${process.versions.node}`);
  for (const [key, value] of Object.entries(env)) lines.push(`ENV ${key}=${JSON.stringify(value)}`);
  const entries = Object.entries({ 'org.opencontainers.image.title': kind, ...labels });
  for (const [key, value] of entries) lines.push(`LABEL ${key}=${JSON.stringify(value)}`);
  lines.push(`CMD ${JSON.stringify([kind === 'node' ? 'node' : 'sh'])}`);
  return `${lines.join('\n')}\n`;
}
