import { writeFile } from 'node:fs/promises';
import type { Login } from './registry.ts';

/**
 * Writes logins, by the registry's host, as buildah and skopeo read them with `--authfile`. On their command line
 * everybody could read a password, and so could whoever is shown the command that failed.
 */
export async function writeAuthFile(file: string, logins: Iterable<readonly [string, Login]>): Promise<void> {
  const auths = Object.fromEntries(
    [...logins].map(([host, { username, password }]) => [
      host,
      { auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  );
  await writeFile(file, JSON.stringify({ auths }), { mode: 0o600 });
}
