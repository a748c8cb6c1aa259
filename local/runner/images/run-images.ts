import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAuthFile } from './auth-file.ts';
import { DOCKER_HUB, formatImageName, type ImageName, parseImageName, pinned, repositoryOf } from './name.ts';
import { type Login, type Resolved, resolveManifest } from './registry.ts';
import type { ImageStore } from './store.ts';

/** An image that a run has at hand: pulled, or built by one of its steps. */
export interface LocalImage {
  readonly id: string;
  /** The manifest's digest in each repository that it was pulled from or pushed to, by `host/repository`. */
  readonly digests: Map<string, string>;
}

export type Pulled =
  | { readonly ok: true; readonly image: LocalImage; readonly digest: string }
  /** The message is the Docker daemon's. */
  | { readonly ok: false; readonly message: string };

export type Pushed =
  | { readonly ok: true; readonly digest: string; readonly size: number }
  | { readonly ok: false; readonly message: string };

interface Options {
  readonly store: ImageStore;
  /** A folder of the run's own, for its logins. */
  readonly directory: string;
  readonly caFile: string;
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly pulls: PullCache;
}

/** Image ids by `host/repository@digest` and platform, for all runs: a digest never changes its content. */
export type PullCache = Map<string, Promise<string>>;

/**
 * The images of one run, by name. Runs share layers but not names: on ACR each run has an agent of its own, so two runs
 * that build `app:latest` at once must not see each other's, and a tag is resolved anew in every run.
 */
export class RunImages {
  readonly #options: Options;
  readonly #byName = new Map<string, LocalImage>();
  readonly #logins = new Map<string, Login>();

  constructor(options: Options) {
    this.#options = options;
  }

  async prepare(logins: readonly { loginServer: string; username: string; password: string }[]): Promise<void> {
    const { directory, caFile } = this.#options;
    await mkdir(join(directory, 'certs'), { recursive: true });
    await copyFile(caFile, join(directory, 'certs', 'ca.crt'));
    for (const { loginServer, username, password } of logins) this.#logins.set(loginServer, { username, password });
    await this.#writeAuth();
  }

  async login(registry: string, login: Login): Promise<void> {
    this.#logins.set(registry, login);
    await this.#writeAuth();
  }

  async logout(registry: string): Promise<void> {
    this.#logins.delete(registry);
    await this.#writeAuth();
  }

  get(name: ImageName): LocalImage | undefined {
    return this.#byName.get(formatImageName(name));
  }

  set(name: ImageName, image: LocalImage): void {
    this.#byName.set(formatImageName(name), image);
  }

  remove(name: ImageName): boolean {
    return this.#byName.delete(formatImageName(name));
  }

  names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  resolve(name: ImageName, signal: AbortSignal): Promise<Resolved> {
    return resolveManifest(name, this.#logins.get(name.registry), this.#options.caFile, signal);
  }

  /** Fetches an image, by the digest that its name has now. */
  async pull(name: ImageName, signal: AbortSignal, platform?: string): Promise<Pulled> {
    const resolved = await this.resolve(name, signal);
    if (resolved.kind !== 'found') return { ok: false, message: refusal(name, resolved) };
    const fetched = await this.#fetch(pinned(name, resolved.digest), platform, signal);
    if (!fetched.ok) return fetched;
    const image = { id: fetched.id, digests: new Map([[repositoryOf(name), resolved.digest]]) };
    this.set(name, image);
    return { ok: true, image, digest: resolved.digest };
  }

  async push(
    image: LocalImage,
    name: ImageName,
    signal: AbortSignal,
    onOutput: (text: string) => void,
  ): Promise<Pushed> {
    const target = `docker://${repositoryOf(name)}:${name.tag}`;
    const flags = [...this.#flags(), '--format', 'v2s2'];
    const { store } = this.#options;
    const outcome = await store.buildah(['push', ...flags, image.id, target], { signal, onOutput });
    if (outcome.code !== 0) return { ok: false, message: `exit status ${outcome.code}` };
    const resolved = await this.resolve(name, signal);
    if (resolved.kind !== 'found') return { ok: false, message: refusal(name, resolved) };
    image.digests.set(repositoryOf(name), resolved.digest);
    return { ok: true, digest: resolved.digest, size: resolved.size };
  }

  /** The flags that let buildah reach the registries as this run. */
  access(): readonly string[] {
    return this.#flags();
  }

  #flags(): string[] {
    const { directory, store } = this.#options;
    const files = ['--authfile', join(directory, 'auth.json'), '--cert-dir', join(directory, 'certs')];
    return [...files, '--signature-policy', store.policyFile];
  }

  async #fetch(
    reference: string,
    platform: string | undefined,
    signal: AbortSignal,
  ): Promise<{ ok: true; id: string } | { ok: false; message: string }> {
    const { os, architecture } = this.#options.platform;
    const [wantedOs = os, wantedArchitecture = architecture, variant] = platform?.split('/') ?? [];
    const key = `${reference} ${wantedOs}/${wantedArchitecture}/${variant ?? ''}`;
    const known = await this.#options.pulls.get(key)?.catch(() => undefined);
    if (known && (await this.#options.store.has(known))) return { ok: true, id: known };
    const pulling = this.#fetchAnew(reference, [wantedOs, wantedArchitecture, variant], signal);
    this.#options.pulls.set(key, pulling);
    try {
      return { ok: true, id: await pulling };
    } catch (error) {
      this.#options.pulls.delete(key);
      signal.throwIfAborted();
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #fetchAnew(reference: string, platform: (string | undefined)[], signal: AbortSignal): Promise<string> {
    const [os = '', architecture = '', variant] = platform;
    const flags = [...this.#flags(), '--quiet', '--os', os, '--arch', architecture];
    if (variant) flags.push('--variant', variant);
    const source = `docker://${reference}`;
    const outcome = await this.#options.store.buildah(['pull', ...flags, source], { signal });
    const id = /^(?:sha256:)?([a-f0-9]{64})$/m.exec(outcome.stdout)?.[1];
    if (outcome.code !== 0 || !id) throw new Error(lastLine(outcome.stderr) || `exit status ${outcome.code}`);
    return id;
  }

  async #writeAuth(): Promise<void> {
    await writeAuthFile(join(this.#options.directory, 'auth.json'), this.#logins);
  }
}

/** An image name as a user of Docker wrote it, or undefined with the daemon's own words for a bad one. */
export function imageNameOrMessage(text: string): ImageName | string {
  const name = parseImageName(text);
  if (name) return name;
  if (/[A-Z]/.test(text.split(/[:@]/)[0] ?? '')) {
    return `invalid reference format: repository name (${text}) must be lowercase`;
  }
  return 'invalid reference format';
}

function refusal(name: ImageName, resolved: Exclude<Resolved, { kind: 'found' }>): string {
  const shown = name.registry === DOCKER_HUB ? repositoryOf(name) : formatImageName(name);
  if (resolved.kind === 'unreachable') return resolved.reason;
  if (resolved.kind === 'denied') {
    return `pull access denied for ${repositoryOf(name)}, repository does not exist or may require 'docker login': denied: authentication required`;
  }
  const which = name.digest ? `"${name.digest}"` : `tagged by "${name.tag}"`;
  return `manifest for ${shown} not found: manifest unknown: manifest ${which} is not found`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
