/** Who may import whom in `src/`, and what breaks that. */
import { posix } from 'node:path';

/** A source file: its path from the repository's root, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The layers, outermost first. A file may import from its own layer and from those named. */
const layers: Readonly<
  Record<string, { readonly folders: readonly string[]; readonly may: readonly string[]; readonly pure: boolean }>
> = {
  functions: { folders: ['src/functions', 'src/index.ts'], may: ['app', 'pipeline', 'catalog', 'image'], pure: false },
  app: {
    folders: ['src/lib'],
    may: ['azure', 'upstream', 'http', 'pipeline', 'dependents', 'catalog', 'image'],
    pure: false,
  },
  azure: { folders: ['src/lib/azure'], may: ['http', 'pipeline', 'dependents', 'catalog', 'image'], pure: false },
  upstream: { folders: ['src/lib/upstream'], may: ['http', 'pipeline', 'dependents', 'catalog', 'image'], pure: false },
  /** What every client of a wire needs: masking, Retry-After. */
  http: { folders: ['src/lib/http'], may: ['image'], pure: false },
  pipeline: { folders: ['src/lib/pipeline'], may: ['dependents', 'catalog', 'image'], pure: true },
  dependents: { folders: ['src/lib/dependents'], may: ['image'], pure: true },
  catalog: { folders: ['src/lib/catalog'], may: ['image'], pure: true },
  image: { folders: ['src/lib/image'], may: [], pure: true },
};

const imports =
  /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

/** One line for each import that no rule allows. */
export function violations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const layer = layerOf(path);
    return [...text.matchAll(imports)]
      .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
      .map((target) => refusal(path, layer, target))
      .filter((line) => line !== undefined);
  });
}

function refusal(path: string, layer: string, target: string): string | undefined {
  if (!target.startsWith('.')) return refusedPackage(path, layer, target);
  const file = posix.join(posix.dirname(path), target);
  const other = layerOf(file);
  if (other === 'outside') return `${path} imports ${file}: nothing outside of src/ is imported by src/`;
  if (other === layer || layers[layer]?.may.includes(other)) return undefined;
  return `${path} imports ${file}: ${layer} may not import ${other}`;
}

function refusedPackage(path: string, layer: string, name: string): string | undefined {
  if (!layers[layer]?.pure) return undefined;
  const impure = name.startsWith('@azure/') || (name.startsWith('node:') && name !== 'node:crypto');
  return impure ? `${path} imports ${name}: ${layer} is pure` : undefined;
}

/** The layer with the longest folder that the path lies in. */
function layerOf(path: string): string {
  const found = Object.entries(layers)
    .flatMap(([name, { folders }]) => folders.map((folder) => ({ name, folder })))
    .filter(({ folder }) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length);
  return found[0]?.name ?? 'outside';
}
