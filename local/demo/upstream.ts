import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeAuthFile } from '../runner/images/auth-file.ts';
import { parseImageName } from '../runner/images/name.ts';
import type { World } from './world.ts';

/** The tag of an image that somebody names; undefined where the text itself has none, for nobody means `latest`. */
export function writtenTag(image: string): string | undefined {
  const tag = parseImageName(image)?.tag;
  return tag !== undefined && image.endsWith(`:${tag}`) ? tag : undefined;
}

/** Copies an image from the registry that it is published in to the one that stands for it. */
export async function copyUpstream(world: World, source: string, image: string, signal: AbortSignal): Promise<void> {
  const { loginServer, admin } = world.buffer;
  const authFile = join(world.folder, 'upstream-auth.json');
  await writeAuthFile(authFile, [[loginServer, admin]]);
  const policy = join(world.folder, 'bases', 'etc', 'policy.json');
  const access = ['--dest-cert-dir', world.azure.certificate.caFolder, '--dest-authfile', authFile];
  const references = [`docker://${source}`, `docker://${loginServer}/${image}`];
  const words = ['--policy', policy, 'copy', '--quiet', ...access, ...references];
  await promisify(execFile)('skopeo', words, { signal }).catch((cause: { stderr?: string; message: string }) => {
    throw new Error(`${source} cannot be copied: ${lastMessage(cause.stderr ?? '') ?? cause.message}`);
  });
}

/** skopeo ends with a line of logfmt: `time="…" level=fatal msg="…"`. */
function lastMessage(stderr: string): string | undefined {
  const last = stderr.trim().split('\n').at(-1) || undefined;
  const quoted = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(last ?? '')?.[1];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? last;
}
