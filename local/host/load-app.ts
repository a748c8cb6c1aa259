import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import picomatch from 'picomatch';
import * as z from 'zod';
import { HostError } from './host-error.ts';
import { parseJson } from './settings.ts';

const packageSchema = z.object({ main: z.string().optional(), type: z.string().optional() });

async function readPackage(directory: string): Promise<z.infer<typeof packageSchema> | undefined> {
  const path = join(directory, 'package.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = packageSchema.safeParse(parseJson(text, path));
  if (!parsed.success) throw new HostError(`${path} is invalid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Files that `main` matches, sorted; a plain path and a glob alike. */
async function entryPoints(app: string, main: string): Promise<readonly string[]> {
  const pattern = main.replace(/^\.\//, '');
  const plain = await stat(join(app, pattern)).catch(() => undefined);
  if (plain?.isFile()) return [pattern];
  const { base } = picomatch.scan(pattern);
  const matches = picomatch(pattern);
  const entries = await readdir(join(app, base), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(app, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => matches(path))
    .sort();
}

/** Node's own rule: the extension, else the `type` of the nearest package.json. */
async function isModule(file: string): Promise<boolean> {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const found = await readPackage(directory);
    if (found) return found.type === 'module';
    if (directory === dirname(directory)) return false;
  }
}

/**
 * Loads the files that the `main` of the app's package.json names, one after the other.
 * Throws a HostError worded as the Node worker words it.
 */
export async function loadApp(directory: string, log: (message: string) => void): Promise<void> {
  const app = resolve(directory);
  const main = (await readPackage(app))?.main;
  if (main === undefined)
    throw new HostError(`Worker was unable to load entry point: ${app} has no "main" in its package.json.`);
  try {
    const files = await entryPoints(app, main);
    if (files.length === 0) throw new HostError('Found zero files matching the supplied pattern');
    for (const file of files) {
      log(`Loading entry point file "${file}"`);
      const path = join(app, file);
      if (await isModule(path)) await import(pathToFileURL(path).href);
      else createRequire(path)(path);
      log(`Loaded entry point file "${file}"`);
    }
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    const detail = cause instanceof HostError ? cause.message : (cause.stack ?? cause.message);
    throw new HostError(`Worker was unable to load entry point "${main}": ${detail}`, { cause });
  }
}
