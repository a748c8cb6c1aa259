import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is deployed: paths inside the app's folder, with `/`, and bytes. In the order of their names. */
export type Contents = ReadonlyMap<string, Uint8Array>;

/** The bundle, the host's settings, the catalog and its validations; the bundle has its dependencies inside. */
export function readContents(root: string, bundle: string): Contents {
  const files = new Map<string, Uint8Array>();
  for (const path of scripts(bundle)) files.set(`dist/${path}`, readFileSync(join(bundle, path)));
  for (const path of ['host.json', 'sluice.yaml', ...validations(root)])
    files.set(path, readFileSync(join(root, path)));
  files.set('package.json', Buffer.from(`${JSON.stringify(manifest(root), null, 2)}\n`));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of the bundle's folder: what registers the functions, and what is read when they are called. */
function scripts(bundle: string): string[] {
  return readdirSync(bundle, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => name.replaceAll('\\', '/'));
}

function validations(root: string): string[] {
  return readdirSync(join(root, 'validations'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/').replace(/^\//, ''));
}

/** Without `type: module`, which would have Node read the bundle as what it is not, and without anything to install. */
function manifest(root: string) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  return { name, version, private: true, license, main: 'dist/index.js' };
}
