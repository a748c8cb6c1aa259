import type { ContainerRegistryContentClient } from '@azure/container-registry';
import type { LocalRegistry } from '../contracts.ts';
import { parseImageName } from '../runner/images/name.ts';
import { resolveManifest } from '../runner/images/registry.ts';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Manifest {
  readonly config: Descriptor;
}

interface ImageConfig {
  readonly config: { readonly Env?: readonly string[] } & Record<string, unknown>;
  readonly history?: readonly unknown[];
}

/** The digest that a registry has for a tag at this moment; undefined where it has none. */
export async function digestOf(
  registry: LocalRegistry,
  caFile: string,
  repository: string,
  tag: string,
): Promise<string | undefined> {
  const name = parseImageName(`${registry.loginServer}/${repository}:${tag}`);
  if (!name) throw new Error(`Reading ${repository}:${tag}: that is not the name of an image.`);
  const resolved = await resolveManifest(name, registry.admin, caFile, AbortSignal.timeout(15_000));
  if (resolved.kind === 'found') return resolved.digest;
  if (resolved.kind === 'missing') return undefined;
  throw new Error(`Reading ${repository}:${tag} of ${registry.name}: ${resolved.kind}.`);
}

/**
 * Pushes an image like another one of the same repository but for its environment, under `tag`: the layers are there
 * already, so it takes two small requests. The answer is its digest.
 */
export async function pushVariant(
  client: ContainerRegistryContentClient,
  source: string,
  tag: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { content, mediaType } = await client.getManifest(source);
  const manifest = JSON.parse(content.toString()) as Manifest;
  const config = await readConfig(client, manifest.config.digest);
  const bytes = Buffer.from(JSON.stringify(withEnv(config, env)));
  const { digest } = await client.uploadBlob(bytes);
  const changed = { ...manifest, config: { ...manifest.config, digest, size: bytes.length } };
  const pushed = await client.setManifest(Buffer.from(JSON.stringify(changed)), { tag, mediaType });
  return pushed.digest;
}

async function readConfig(client: ContainerRegistryContentClient, digest: string): Promise<ImageConfig> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await client.downloadBlob(digest)).content) chunks.push(Buffer.from(chunk));
  return JSON.parse(Buffer.concat(chunks).toString()) as ImageConfig;
}

function withEnv(image: ImageConfig, env: Readonly<Record<string, string>>): ImageConfig {
  const kept = (image.config.Env ?? []).filter((entry) => !Object.hasOwn(env, entry.split('=', 1)[0] ?? ''));
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  // As a build leaves it behind: caches of builds tell images by their history.
  const step = { created_by: `ENV ${set.join(' ')}`, empty_layer: true };
  return { ...image, config: { ...image.config, Env: [...kept, ...set] }, history: [...(image.history ?? []), step] };
}
