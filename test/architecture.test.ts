import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { violations } from './architecture.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function sources(folder: string): { path: string; text: string }[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

describe('the architecture', () => {
  it('has imports that point one way: functions, app, azure and upstream, pipeline, dependents, catalog, image', () => {
    const files = sources('src');
    expect(files.length).toBeGreaterThan(50);
    expect(violations(files)).toEqual([]);
  });

  it('keeps every source file short enough to be read in one go', () => {
    const long = [...sources('src'), ...sources('local')]
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (path.startsWith('src/') ? 250 : 300));
    expect(long).toEqual([]);
  });
});

describe('the rules of the architecture', () => {
  it.each([
    [
      'an import against the direction',
      'src/lib/image/digest.ts',
      "import { x } from '../pipeline/gate.ts';",
      'image may not import pipeline',
    ],
    [
      'a type import against the direction',
      'src/lib/pipeline/gate.ts',
      "import type { X } from '../azure/arm.ts';",
      'pipeline may not import azure',
    ],
    [
      'an export from a layer above',
      'src/lib/catalog/load.ts',
      "export { x } from '../app.ts';",
      'catalog may not import app',
    ],
    [
      'a dynamic import',
      'src/lib/dependents/graph.ts',
      "const x = await import('../azure/arm.ts');",
      'dependents may not import azure',
    ],
    [
      'an import of the local Azure',
      'src/lib/app.ts',
      "import { x } from '../../local/index.ts';",
      'nothing outside of src/',
    ],
    [
      'an Azure client in a pure folder',
      'src/lib/pipeline/sweep.ts',
      "import { TableClient } from '@azure/data-tables';",
      'pipeline is pure',
    ],
    [
      'a Node module in a pure folder',
      'src/lib/catalog/load.ts',
      "import { readFileSync } from 'node:fs';",
      'catalog is pure',
    ],
    [
      'an import over several lines',
      'src/lib/image/names.ts',
      "import {\n  a,\n  b,\n} from '../catalog/model.ts';",
      'image may not import catalog',
    ],
  ])('refuse %s', (_what, path, text, why) => {
    expect(violations([{ path, text }])).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['hashing in a pure folder', 'src/lib/pipeline/stages/validate.ts', "import { createHash } from 'node:crypto';"],
    ['a neighbour', 'src/lib/image/reference.ts', "import { x } from './digest.ts';"],
    ['a layer below', 'src/lib/azure/arm.ts', "import type { X } from '../pipeline/ports.ts';"],
    ['an Azure client in azure', 'src/lib/azure/arm.ts', "import { X } from '@azure/arm-containerregistry';"],
  ])('allow %s', (_what, path, text) => {
    expect(violations([{ path, text }])).toEqual([]);
  });
});
