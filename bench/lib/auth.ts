import { join } from 'node:path';
import type { LocalAzure } from '../../local/index.ts';
import { writeAuthFile } from '../../local/runner/images/auth-file.ts';

/** The logins of all registries, as skopeo reads them: what fails is shown with its command line. */
export async function authFile(azure: LocalAzure): Promise<string> {
  const file = join(azure.state, 'auth.json');
  const registries = [...azure.registries.values()];
  await writeAuthFile(
    file,
    registries.map(({ loginServer, admin }) => [loginServer, admin] as const),
  );
  return file;
}
