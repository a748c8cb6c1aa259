import { mkdirSync, writeFileSync } from 'node:fs';
import { lstat, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Command, contained, type Outcome } from '../contained.ts';

/** The parts of an image's configuration that a container is made from (OCI image-spec, config.md). */
const ImageConfig = z.object({
  config: z
    .object({
      User: z.string().nullish(),
      Env: z.array(z.string()).nullish(),
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      WorkingDir: z.string().nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

const Images = z.array(z.object({ id: z.string(), layer: z.string().optional() }));
const Containers = z.array(z.object({ id: z.string() }));

export interface StoredImage {
  readonly id: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
  readonly user: string;
  readonly volumes: readonly string[];
  /** The layers' folders, the newest first, relative to `overlayDir`. */
  readonly layers: readonly string[];
}

/**
 * The image layers that all runs share, kept by buildah (containers/storage with the overlay driver). Its files are read
 * directly, because a container only needs the list of an image's layers; buildah alone writes them.
 */
export class ImageStore {
  readonly overlayDir: string;
  readonly #stateDir: string;
  readonly #graphRoot: string;
  readonly #runRoot: string;
  readonly #env: Record<string, string>;
  #active = 0;
  #interrupted = false;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.#graphRoot = join(stateDir, 'storage');
    this.#runRoot = join(stateDir, 'storage-run');
    this.overlayDir = join(this.#graphRoot, 'overlay');
    const etc = join(stateDir, 'etc');
    const tmp = join(stateDir, 'tmp');
    // The machine's own settings must not reach in, and ours must not reach out.
    for (const directory of [etc, tmp, join(this.overlayDir, 'empty')]) mkdirSync(directory, { recursive: true });
    const file = (name: string, text: string) => {
      writeFileSync(join(etc, name), text);
      return join(etc, name);
    };
    const storage = `[storage]\ndriver = "overlay"\ngraphroot = "${this.#graphRoot}"\nrunroot = "${this.#runRoot}"\n`;
    this.#env = {
      CONTAINERS_STORAGE_CONF: file('storage.conf', storage),
      CONTAINERS_CONF: file('containers.conf', ''),
      CONTAINERS_REGISTRIES_CONF: file('registries.conf', 'unqualified-search-registries = []\n'),
      HOME: tmp,
      TMPDIR: tmp,
    };
    this.policyFile = file('policy.json', JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  }

  readonly policyFile: string;

  /** What an earlier process that was killed left half done. */
  async recover(): Promise<void> {
    // The run root describes mounts; they are gone with the namespaces they were made in.
    await rm(this.#runRoot, { recursive: true, force: true });
    await this.#removeWorkingContainers();
  }

  /** Runs buildah on this store; `arguments_` begins with its command. */
  async buildah(
    arguments_: readonly string[],
    options: Pick<Command, 'signal'> & Partial<Pick<Command, 'onOutput' | 'cwd'>>,
  ): Promise<Outcome> {
    this.#active += 1;
    try {
      const outcome = await contained({ argv: ['buildah', ...arguments_], env: this.#env, ...options });
      this.#interrupted ||= outcome.aborted;
      return outcome;
    } finally {
      this.#active -= 1;
      // A killed build leaves its working containers; a running one still needs its own.
      if (this.#active === 0 && this.#interrupted) {
        this.#interrupted = false;
        await this.#removeWorkingContainers();
      }
    }
  }

  async has(id: string): Promise<boolean> {
    return (await this.#layerOf(id)) !== undefined;
  }

  async read(id: string): Promise<StoredImage> {
    const key = Buffer.from(`sha256:${id}`).toString('base64');
    const raw = await readFile(join(this.#graphRoot, 'overlay-images', id, `=${key}`), 'utf8');
    const config = ImageConfig.parse(JSON.parse(raw)).config ?? {};
    return {
      id,
      env: config.Env ?? [],
      entrypoint: config.Entrypoint ?? [],
      command: config.Cmd ?? [],
      workingDirectory: config.WorkingDir || '/',
      user: config.User ?? '',
      volumes: Object.keys(config.Volumes ?? {}),
      layers: await this.#layers((await this.#layerOf(id)) ?? ''),
    };
  }

  /** A file of an image as a container would see it, without running one; undefined where it has none. */
  async readFile(image: StoredImage, path: string): Promise<string | undefined> {
    for (const layer of image.layers) {
      const root = await realpath(join(this.overlayDir, layer));
      const file = join(root, path);
      const found = await lstat(file).catch(() => undefined);
      if (!found) continue;
      // A character device marks a deleted file; a link may lead out of the image.
      if (!found.isFile() || !(await realpath(file)).startsWith(`${root}/`)) return undefined;
      return await readFile(file, 'utf8');
    }
    return undefined;
  }

  async #layerOf(id: string): Promise<string | undefined> {
    const images = Images.parse(await readJson(join(this.#graphRoot, 'overlay-images', 'images.json')));
    const image = images.find((candidate) => candidate.id === id);
    return image && (image.layer ?? '');
  }

  async #layers(top: string): Promise<string[]> {
    if (!top) return ['empty'];
    const directory = join(this.overlayDir, top);
    const own = `l/${(await readFile(join(directory, 'link'), 'utf8')).trim()}`;
    const lower = await readFile(join(directory, 'lower'), 'utf8').catch(() => '');
    return [own, ...lower.split(':').filter((layer) => layer !== '')];
  }

  async #removeWorkingContainers(): Promise<void> {
    const file = join(this.#graphRoot, 'overlay-containers', 'containers.json');
    if (Containers.parse(await readJson(file)).length === 0) return;
    const argv = ['buildah', 'rm', '--all'];
    await contained({ argv, env: this.#env, signal: new AbortController().signal, cwd: this.#stateDir });
  }
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text ? JSON.parse(text) : [];
}
