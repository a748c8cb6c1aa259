/** The app's own folder: the catalog and the files that it names lie beside host.json. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from './catalog/settings.ts';

const catalogName = 'sluice.yaml';

export interface CatalogFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** The text of a file beside it; undefined where there is none. */
  readFile(name: string): string | undefined;
}

/** SLUICE_CATALOG names the file; else it is looked for in the app's folder. Throws where there is none. */
export function readCatalogFile(settings: Settings): CatalogFile {
  const places = candidates(settings);
  const path = places.find((place) => existsSync(place));
  const text = path && readText(path);
  if (path === undefined || text === undefined) {
    throw new Error(
      `Reading the catalog: there is no ${places.join(', nor ')}. Put ${catalogName} beside host.json, or name it by the app setting SLUICE_CATALOG.`,
    );
  }
  return { path, text, readFile: (name) => readText(join(dirname(path), name)) };
}

/** The host starts the worker in the app's folder; where it does not, that is where the bundle lies, or above it. */
function candidates(settings: Settings): string[] {
  const named = settings.SLUICE_CATALOG;
  if (named !== undefined && named !== '') return [resolve(named)];
  const here = dirname(fileURLToPath(import.meta.url));
  const folders = [settings.AzureWebJobsScriptRoot, process.cwd(), here, join(here, '..'), join(here, '../..')];
  return [...new Set(folders.filter((folder) => folder !== undefined && folder !== ''))].map((folder) =>
    resolve(folder ?? '.', catalogName),
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
