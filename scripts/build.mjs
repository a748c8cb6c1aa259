// Bundles the Functions app into dist/index.js: one file, so that a cold start reads one file.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
// `node scripts/build.mjs FOLDER` builds elsewhere: two builds at once must not write one file.
const out = resolve(process.argv[2] ?? at('dist'));

await mkdir(out, { recursive: true });
// The repository's own package.json says `type: module`; the bundle is CommonJS, because the Functions host
// answers only `require('@azure/functions-core')`.
await writeFile(join(out, 'package.json'), '{"type":"commonjs"}\n');
await build({
  entryPoints: [at('src/index.ts')],
  outfile: join(out, 'index.js'),
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['@azure/functions-core'],
  legalComments: 'none',
  // In CommonJS esbuild leaves import.meta empty; packages that derive paths from it would crash at load.
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: 'const __importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
});
