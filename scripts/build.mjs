// Bundles the Functions app into dist/: index.js registers the functions, and is all that a cold start reads before it
// can be called; handlers/ is read at the first call, and an SDK's client in there when it is first used.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
// `node scripts/build.mjs FOLDER` builds elsewhere: two builds at once must not write one file.
const out = resolve(process.argv[2] ?? at('dist'));

const shared = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  write: false,
  // The same code as the one for Node, as modules: what is not used is left out.
  alias: { yaml: at('node_modules/yaml/browser/dist/index.js') },
};

/** The registrations know the handlers only by their file. */
const handlersApart = {
  name: 'handlers-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/handlers\/index\.ts$/ }, () => ({ path: './handlers/index.mjs', external: true })),
};

// CommonJS, because the Functions host answers only `require('@azure/functions-core')`.
const registrations = build({
  ...shared,
  entryPoints: [at('src/index.ts')],
  outfile: join(out, 'index.js'),
  format: 'cjs',
  external: ['@azure/functions-core'],
  plugins: [handlersApart],
});
const handlers = build({
  ...shared,
  entryPoints: [at('src/lib/handlers/index.ts')],
  outdir: join(out, 'handlers'),
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
  format: 'esm',
  splitting: true,
  // Packages in CommonJS ask for Node's own modules so.
  banner: {
    js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
  },
});

const built = (await Promise.all([registrations, handlers])).flatMap(({ outputFiles }) => outputFiles);
// The repository's own package.json says `type: module`.
const files = new Map([[join(out, 'package.json'), Buffer.from('{"type":"commonjs"}\n')]]);
for (const { path, contents } of built) files.set(path, Buffer.from(contents));
for (const [path, bytes] of files) await replace(path, bytes);
for (const name of await readdir(join(out, 'handlers'))) {
  if (!files.has(join(out, 'handlers', name))) await rm(join(out, 'handlers', name));
}

/** A host that runs from here reads one or the other, never half of it. */
async function replace(path, bytes) {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(bytes)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, bytes);
  await rename(`${path}.${process.pid}`, path);
}
